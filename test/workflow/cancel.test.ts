import { CancelledFailure } from '@temporalio/common'
import { Context } from '@temporalio/activity'
import { describe, expect, it } from 'vitest'
import { fakeActivities, jobInput, useWorkflows } from './harness.ts'

// The one that skips time may lose a cancellation while another step ends (temporalio/sdk-java#2391).
const runIngest = useWorkflows('real')

/** A cancellation is heard in answer to a heartbeat. */
const untilCancelled = async (): Promise<never> => {
  const context = Context.current()
  const timer = setInterval(() => context.heartbeat(), 50)
  try {
    return await context.cancelled
  } finally {
    clearInterval(timer)
  }
}

describe('a job that is cancelled', () => {
  it.each([
    ['resolve', 'resolve'],
    ['download', 'download'],
    ['probe', 'probe'],
    ['plan', 'plan'],
    ['transcodeChunk', 'transcode'],
    ['transcodeAudio', 'transcode'],
    ['packageMedia', 'package'],
    ['poster', 'thumbnail'],
    ['publish', 'publish'],
  ] as const)('at %s ends so, with that step, and leaves nothing', async (activity, name) => {
    const { activities, projections, calls } = fakeActivities({ [activity]: untilCancelled })
    const running = runIngest(jobInput(), activities, { cancelAt: activity })
    await expect(running).rejects.toMatchObject({ cause: expect.any(CancelledFailure) as unknown })
    const last = projections.at(-1)
    expect(last).toMatchObject({ state: 'cancelled', error: null })
    expect(last?.steps.find((step) => step.name === name)).toMatchObject({ state: 'cancelled' })
    expect(last?.steps.some(({ state }) => state === 'running' || state === 'queued' || state === 'pending')).toBe(
      false,
    )
    expect(calls.at(-1)).toBe('removeWork')
  })
})
