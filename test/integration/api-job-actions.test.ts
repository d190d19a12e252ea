import { access, mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { problemSchema, type ProblemBody } from '../../api/http/problem.ts'
import { jobSchema, type Job } from '../../contract/jobs.ts'
import { startApi, type RunningApi } from './api-harness.ts'

let running: RunningApi
beforeAll(async () => {
  running = await startApi()
})
afterAll(() => running.stop())

interface Answer {
  items: { id: string; job?: Job | null; error?: ProblemBody }[]
  nextCursor: string | null
}

let addresses = 0
const submit = async (change: object = {}): Promise<Job> => {
  const url = `https://example.com/${(addresses += 1)}.mp4`
  return jobSchema.parse(await (await running.post('/api/v1/jobs', { url, ...change })).json())
}
const end = (job: Job, state: 'succeeded' | 'failed' | 'cancelled') =>
  running.catalog.jobs.markEnded({ id: job.id, run: job.run, state, error: null, result: null })
const post = (body: object, headers?: Record<string, string>) => running.post('/api/v1/jobs/actions', body, headers)
const act = async (body: object, headers?: Record<string, string>): Promise<Answer> => {
  const response = await post(body, headers)
  expect(response.status).toBe(202)
  return (await response.json()) as Answer
}

test('does it to each, and says of each what came of it', async () => {
  const [live, over] = [await submit(), await submit()]
  await end(over, 'succeeded')
  const { items, nextCursor } = await act({ action: 'cancel', ids: [live.id, over.id, 'none', live.id] })
  expect(items.map(({ id }) => id)).toEqual([live.id, over.id, 'none'])
  expect(jobSchema.parse(items[0]?.job)).toMatchObject({ id: live.id, cancelRequested: true })
  expect(problemSchema.parse(items[1]?.error)).toMatchObject({ status: 409, code: 'StateConflict', state: 'succeeded' })
  expect(items[2]?.error).toMatchObject({ status: 404, code: 'JobNotFound' })
  expect(nextCursor).toBeNull()
  expect(running.dispatch.carried.map(({ id }) => id)).toEqual([live.id])
})

test.each([
  ['pause', 'accepted', { pauseRequested: true }],
  ['resume', 'accepted', { pauseRequested: false }],
  ['prioritise', 'accepted', { priority: 2 }],
  ['retry', 'failed', { state: 'accepted', run: 2 }],
] as const)('%s', async (action, state, expected) => {
  const job = await submit()
  if (state === 'failed') await end(job, 'failed')
  const { items } = await act({ action, ids: [job.id], ...(action === 'prioritise' && { priority: 2 }) })
  expect(items).toMatchObject([{ id: job.id, job: expected }])
  expect(await (await running.call(job.links.self)).json()).toMatchObject(expected)
  const starts = running.dispatch.started.filter(({ id }) => id === job.id).map(({ run }) => run)
  expect(starts).toEqual(action === 'retry' ? [1, 2] : [1])
})

test('delete leaves no job', async () => {
  const job = await submit()
  await end(job, 'failed')
  expect((await act({ action: 'delete', ids: [job.id] })).items).toEqual([{ id: job.id, job: null }])
  expect((await running.call(job.links.self)).status).toBe(404)
  expect(await running.catalog.jobs.removalsLeft()).toEqual([])
})

test('delete is gone on with by the next API, where one died in between', async () => {
  const job = await submit()
  await end(job, 'failed')
  const folder = join(running.config.dataDir, 'work', job.id)
  await mkdir(folder, { recursive: true })
  await running.catalog.jobs.remove(job.id)
  const next = await startApi({ SLUICE_DATA: running.config.dataDir })
  try {
    await expect.poll(() => next.catalog.jobs.removalsLeft()).toEqual([])
    await expect(access(folder)).rejects.toThrow('ENOENT')
  } finally {
    await next.stop()
  }
})

test('takes those that fit a filter, a thousand at once, and the rest by the cursor', async () => {
  const jobs = Array.from({ length: 1_000 }, (_, index) => ({ url: `https://many.example/${index}.mp4` }))
  await running.post('/api/v1/jobs', { jobs })
  const more = [
    await submit({ url: 'https://many.example/a.mp4' }),
    await submit({ url: 'https://many.example/b.mp4' }),
  ]
  const filter = { site: 'many.example', state: ['accepted'] }
  const first = await act({ action: 'prioritise', priority: 5, filter })
  expect(first.items).toHaveLength(1_000)
  expect(first.items.slice(0, 2).map(({ id }) => id)).toEqual(more.map(({ id }) => id).toReversed())
  const rest = await act({ action: 'prioritise', priority: 5, filter, cursor: first.nextCursor })
  expect(rest.items).toHaveLength(2)
  expect(rest.nextCursor).toBeNull()
  const { items } = await running.catalog.jobs.list({ owner: null, site: 'many.example', limit: 200 })
  expect(new Set(items.map(({ priority }) => priority))).toEqual(new Set([5]))
})

test('reaches only jobs of one’s own', async () => {
  const job = await submit({ url: 'https://mine.example/1.mp4' })
  const editor = await running.api.tokens.issue({ principal: { subject: 'ada', role: 'editor' }, lifetimeSeconds: 60 })
  const asAda = { authorization: `Bearer ${editor}` }
  expect((await act({ action: 'cancel', filter: { site: 'mine.example' } }, asAda)).items).toEqual([])
  expect((await act({ action: 'cancel', ids: [job.id] }, asAda)).items).toMatchObject([
    { id: job.id, error: { code: 'JobNotFound' } },
  ])
})

test.each([
  [{ ids: ['a'] }],
  [{ action: 'explode', ids: ['a'] }],
  [{ action: 'cancel' }],
  [{ action: 'cancel', ids: [] }],
  [{ action: 'cancel', ids: ['a'], filter: { q: 'b' } }],
  [{ action: 'cancel', filter: {} }],
  [{ action: 'cancel', ids: Array.from({ length: 1_001 }, String) }],
  [{ action: 'cancel', ids: ['a'], cursor: 'b' }],
  [{ action: 'cancel', ids: ['a'], priority: 1 }],
  [{ action: 'prioritise', ids: ['a'] }],
])('refuses %j', async (body) => {
  const response = await post(body)
  expect(response.status).toBe(400)
  expect(await response.json()).toMatchObject({ code: 'InvalidRequest' })
})
