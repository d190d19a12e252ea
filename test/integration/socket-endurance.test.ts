import { once } from 'node:events'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Job } from '../../contract/jobs.ts'
import type { ProgressSample } from '../../contract/progress.ts'
import type { JobProjection } from '../../contract/steps.ts'
import { SOCKET_LIMITS } from '../../contract/socket.ts'
import { linkWorker, openSocket, startApi, type RunningApi } from './api-harness.ts'

/** Half the ping interval, so that 30 s take 0.2 s here. */
const TICK_MS = 50

let running: RunningApi
beforeEach(async () => {
  running = await startApi({}, TICK_MS)
})
afterEach(() => running.stop())

const submit = async (count: number): Promise<Job[]> => {
  const jobs = Array.from({ length: count }, (_, index) => ({ url: `https://many.example/${index}` }))
  const answer = await running.post('/api/v1/jobs', { jobs })
  return ((await answer.json()) as { items: { job: Job }[] }).items.map(({ job }) => job)
}
const sample = (jobId: string, seq: number, part: string | null = null): ProgressSample => ({
  jobId,
  run: 1,
  step: 'download',
  part,
  share: 1,
  attempt: 1,
  seq,
  percent: 1,
  done: seq,
  total: null,
  unit: 'bytes',
  rate: null,
  etaMs: null,
  at: Date.now(),
})
const runningProjection = (jobId: string, version: number): JobProjection => ({
  jobId,
  run: 1,
  workflowRunId: 'first',
  version,
  state: 'running',
  waitingFor: null,
  pauseRequested: false,
  priority: 3,
  title: null,
  site: null,
  steps: [
    {
      name: 'download',
      state: 'running',
      percent: null,
      attempt: 1,
      startedAt: 0,
      endedAt: null,
      error: null,
      weight: 1,
    },
  ],
  error: null,
  result: null,
})

describe('a client that does not read', () => {
  test('gets the newest of every job when it does again, and not what it missed', async () => {
    const jobs = await submit(10)
    const client = await openSocket(running)
    client.say({ type: 'subscribe', jobs: jobs.map(({ id }) => id) })
    await client.heard('snapshot', ({ job }) => job.id === jobs.at(-1)?.id)
    const worker = await linkWorker(running)
    // Stops reading, but answers pings. The kernel takes about 20,000 of these messages; the rest waits in the API.
    client.socket.pause()
    const answering = setInterval(() => client.socket.pong(), TICK_MS / 2)
    const updates = 6_000
    const heard = new Promise<void>((resolve) => {
      running.api.hub.onMessage((message) => message.type === 'progress' && message.sample.seq === updates && resolve())
    })
    for (let seq = 1; seq <= updates; seq += 1) {
      for (const { id } of jobs) worker.publish({ type: 'progress', sample: sample(id, seq) })
      if (seq % 100 === 0) await new Promise((resolve) => setImmediate(resolve))
    }
    // The link drops samples where it is flooded; the last of each comes again.
    const repeat = setInterval(() => {
      for (const { id } of jobs) worker.publish({ type: 'progress', sample: sample(id, updates) })
    }, 20)
    await heard
    client.socket.resume()
    for (const { id } of jobs) {
      await client.heard('progress', (message) => message.jobId === id && message.seq === updates)
    }
    clearInterval(answering)
    clearInterval(repeat)
    const told = client.messages.filter(({ type }) => type === 'progress')
    expect(told.length).toBeLessThan((updates * jobs.length) / 2)
    client.socket.terminate()
    await worker.close()
  })

  test('is sent away when answers to it pile up to 1 MiB', async () => {
    // At the real pace no ping is due yet, so nothing else can end it.
    const patient = await startApi()
    const client = await openSocket(patient)
    client.socket.pause()
    const ids = Array.from({ length: 380 }, (_, index) => `00000000-0000-7000-8000-${String(index).padStart(12, '0')}`)
    const flood = setInterval(() => client.say({ type: 'subscribe', jobs: ids }), 1)
    await expect.poll(() => connections(patient), { timeout: 30_000 }).toBe(0)
    clearInterval(flood)
    client.socket.resume()
    await client.closed
    await patient.stop()
  })

  test('is gone within two missed pings', async () => {
    const openedAt = performance.now()
    const client = await openSocket(running, { autoPong: false })
    const { code } = await client.closed
    expect(code).toBe(1006)
    expect(performance.now() - openedAt).toBeGreaterThan(2 * TICK_MS)
    await expect.poll(() => connections(running)).toBe(0)
  })

  test('is kept for as long as it answers', async () => {
    const client = await openSocket(running)
    for (let pings = 0; pings < 6; pings += 1) await once(client.socket, 'ping')
    client.say({ type: 'ping' })
    await client.heard('pong')
    client.socket.terminate()
    await expect.poll(() => connections(running)).toBe(0)
  })
})

const connections = async (of: RunningApi): Promise<number> => {
  const { progress } = (await (await of.call('/api/v1/system')).json()) as { progress: { clients: number } }
  return progress.clients
}

describe('limits', () => {
  test('a subscription to all begins with the newest 500', async () => {
    const jobs = await submit(510)
    const client = await openSocket(running)
    client.say({ type: 'subscribe', all: true })
    const newest = jobs.slice(-SOCKET_LIMITS.allSnapshots).map(({ id }) => id)
    const { jobs: subscribed } = await client.heard('subscribed')
    expect(new Set(subscribed)).toEqual(new Set(newest))
    const last = subscribed.at(-1)
    await client.heard('snapshot', ({ job }) => job.id === last)
    expect(client.messages.filter(({ type }) => type === 'snapshot')).toHaveLength(SOCKET_LIMITS.allSnapshots)
    client.socket.terminate()
  })

  test('a hundred sockets hear the same', async () => {
    const [job] = await submit(1)
    const id = job?.id ?? ''
    const clients = await Promise.all(Array.from({ length: 100 }, () => openSocket(running)))
    for (const client of clients) client.say({ type: 'subscribe', jobs: [id] })
    await Promise.all(clients.map((client) => client.heard('snapshot')))
    const worker = await linkWorker(running)
    for (let seq = 1; seq <= 20; seq += 1) worker.publish({ type: 'progress', sample: sample(id, seq) })
    await Promise.all(clients.map((client) => client.heard('progress', ({ seq }) => seq === 20)))
    for (const client of clients) {
      const told = client.messages.flatMap((message) => (message.type === 'progress' ? [message.seq] : []))
      expect(told).toEqual(Array.from({ length: 20 }, (_, index) => index + 1))
      client.socket.terminate()
    }
    await worker.close()
  })
})

describe('with the bus cut', () => {
  test('sockets are fed from the catalog and from heartbeats within 2 s', async () => {
    const [job] = await submit(1)
    const id = job?.id ?? ''
    await running.catalog.jobs.markStarted([{ id, run: 1 }])
    await running.catalog.jobs.applyProjection(runningProjection(id, 1))
    const client = await openSocket(running)
    client.say({ type: 'subscribe', jobs: [id] })
    await client.heard('snapshot')
    const worker = await linkWorker(running)
    worker.publish({ type: 'progress', sample: sample(id, 1) })
    await client.heard('progress', ({ seq }) => seq === 1)

    await worker.close()
    const cutAt = performance.now()
    running.temporal.readHeartbeats = async (workflowId) => {
      expect(workflowId).toBe(`ingest-${id}`)
      return [sample(id, 2)]
    }
    const ending = { ...runningProjection(id, 2), waiting: null, state: 'waiting' as const }
    const revision = await running.catalog.jobs.applyProjection(ending)
    await client.heard('progress', ({ seq }) => seq === 2)
    expect((await client.heard('state', ({ state }) => state === 'waiting')).revision).toBe(revision)
    // Within 2 s by its clock (test/unit/api-limits.test.ts), which other processes hold up here.
    expect(performance.now() - cutAt).toBeLessThan(8_000)
    client.socket.terminate()
  })
})

describe('when the API stops', () => {
  test('sockets close with 1001 and streams end, soon', async () => {
    const stopping = await startApi()
    const client = await openSocket(stopping)
    const stream = await stopping.call('/api/v1/progress/events?all=true')
    const reader = stream.body?.getReader()
    const startedAt = performance.now()
    const stopped = stopping.stop()
    expect((await client.closed).code).toBe(1001)
    const readToEnd = async () => {
      while ((await reader?.read())?.done === false);
    }
    await readToEnd().catch(() => undefined)
    await stopped
    // As long as the supervisor waits; by themselves they would not end at all.
    expect(performance.now() - startedAt).toBeLessThan(5_000)
  })
})
