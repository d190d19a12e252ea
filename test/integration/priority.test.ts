import { join } from 'node:path'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import type { Job } from '../../contract/jobs.ts'
import { TASK_QUEUES } from '../../contract/names.ts'
import type { ServerMessage } from '../../contract/socket.ts'
import { startTestInstance, type TestInstance } from './instance.ts'
import { makeClip } from './make-media.ts'
import { file, type FileBehaviour } from './origin-answers.ts'
import { createGate } from './origin-gate.ts'
import { startOrigin, type Origin } from './origin.ts'
import { progressOf } from './server-messages.ts'

/** Of temporal.api.enums.v1.TaskQueueType. */
const ACTIVITIES = 2

let sluice: TestInstance
let origin: Origin
let clip: string
let temporal: Awaited<ReturnType<TestInstance['temporal']>>

beforeAll(async () => {
  ;[sluice, origin] = await Promise.all([startTestInstance({ SLUICE_DOWNLOAD_SLOTS: '1' }), startOrigin()])
  temporal = await sluice.temporal()
  clip = await makeClip(sluice.config.tools.ffmpeg, join(sluice.config.dataDir, 'clip.mp4'))
})
afterAll(async () => {
  await temporal.close()
  await sluice.dispose()
  await origin.close()
})

const submit = (name: string, { priority = 3, ...behaviour }: FileBehaviour & { priority?: number } = {}) => {
  origin.on(`/${name}.mp4`, file(clip, behaviour))
  return sluice.submit({ url: origin.urlOf(`/${name}.mp4`), preset: 'original', priority })
}
const begun = (message: ServerMessage) => {
  const step = message.type === 'snapshot' ? message.job.steps[0] : message.type === 'state' ? message.step : null
  return step?.name === 'resolve' && step.state !== 'pending'
}

const change = async (job: Job, priority: number): Promise<Job> => {
  const { status, body } = await sluice.call<Job>('PATCH', `/jobs/${job.id}`, { priority })
  expect(status).toBe(200)
  return body
}

/** How much waits in the queue of downloads, by priority; the server counts every few seconds. */
const waitingBy = async (): Promise<Record<string, number>> => {
  const { statsByPriorityKey } = await temporal.client.workflowService.describeTaskQueue({
    namespace: 'default',
    taskQueue: { name: TASK_QUEUES.download },
    taskQueueType: ACTIVITIES,
    reportStats: true,
  })
  return Object.fromEntries(
    Object.entries(statsByPriorityKey).map(([key, stats]) => [key, Number(stats.approximateBacklogCount)]),
  )
}

/** In the order of the first request for each. */
const served = (): string[] => [...new Set(origin.seen.map(({ path }) => path.replace(/^\/|\.mp4$/g, '')))]

it('an urgent job overtakes those that wait for the slot, also where it was made urgent while it waited', async () => {
  const busy = await submit('busy', { held: { afterBytes: 20_000, gate: createGate() } })
  await sluice.seen(busy.id, progressOf('download'))
  const waiting: Job[] = []
  for (const name of ['first', 'second', 'third', 'fourth']) {
    const job = await submit(name)
    await sluice.seen(job.id, begun)
    waiting.push(job)
  }
  const urgent = await submit('urgent', { priority: 1 })
  await sluice.seen(urgent.id, begun)
  const [first, , third] = waiting
  if (!first || !third) throw new Error('there are four')
  expect(await change(first, 5)).toMatchObject({ priority: 5 })
  expect(await change(third, 1)).toMatchObject({ priority: 1 })
  // It is moved after the answer.
  const moved = async (): Promise<void> => expect(await waitingBy()).toMatchObject({ 1: 2, 5: 1 })
  await vi.waitFor(moved, { timeout: 60_000, interval: 250 })
  expect(served()).toEqual(['busy'])
  await sluice.call('POST', `/jobs/${busy.id}/cancel`)
  for (const job of [urgent, ...waiting]) expect((await sluice.ended(job.id)).state).toBe('succeeded')
  expect(served()).toEqual(['busy', 'urgent', 'third', 'second', 'fourth', 'first'])
  expect((await sluice.call<Job>('GET', `/jobs/${third.id}`)).body.priority).toBe(1)
})
