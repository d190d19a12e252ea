import { describe, expect, it } from 'vitest'
import { fakeActivities, jobInput, useWorkflows } from './harness.ts'

const runIngest = useWorkflows('real')

describe('a job whose workflow is reset', () => {
  it('goes on from there in another execution, which says so', async () => {
    let probed = (): void => {}
    const reached = new Promise<void>((resolve) => {
      probed = resolve
    })
    let reset = (): void => {}
    const untilReset = new Promise<void>((resolve) => {
      reset = resolve
    })
    const { activities, projections, calls } = fakeActivities({
      probe: async (input) => {
        probed()
        await untilReset
        return (await fakeActivities().activities['probe']?.(input as never)) as never
      },
    })
    const result = await runIngest(jobInput(), activities, {
      meanwhile: async ({ workflowId }, client) => {
        await reached
        const { events } = await client.getHandle(workflowId).fetchHistory()
        const firstTask = events?.find((event) => event.workflowTaskCompletedEventAttributes)
        await client.workflowService.resetWorkflowExecution({
          namespace: 'default',
          workflowExecution: { workflowId },
          reason: 'by hand',
          workflowTaskFinishEventId: firstTask?.eventId,
          requestId: workflowId,
        })
        reset()
      },
    })
    expect(result.mediaIds).toHaveLength(1)
    expect(calls.filter((name) => name === 'download')).toHaveLength(2)
    const runs = [...new Set(projections.map(({ workflowRunId }) => workflowRunId))]
    expect(runs).toHaveLength(2)
    expect(projections.at(-1)).toMatchObject({ state: 'succeeded', workflowRunId: runs[1] })
  })
})
