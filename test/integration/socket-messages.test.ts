import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { Job } from '../../contract/jobs.ts'
import { STEP_NAMES, type StepName, type StepState } from '../../contract/names.ts'
import type { ProgressSample } from '../../contract/progress.ts'
import type { JobProjection, StepRecord } from '../../contract/steps.ts'
import type { ProgressPublisher } from '../../progress/bus.ts'
import { linkWorker, openSocket, refusedWith, startApi, type RunningApi, type SocketClient } from './api-harness.ts'

let running: RunningApi
let worker: ProgressPublisher
const clients: SocketClient[] = []
beforeAll(async () => {
  running = await startApi()
})
beforeEach(async () => {
  worker = await linkWorker(running)
})
afterEach(async () => {
  for (const client of clients.splice(0)) client.socket.terminate()
  await worker.close()
})
afterAll(() => running.stop())

const connect = async (options?: Parameters<typeof openSocket>[1]): Promise<SocketClient> => {
  const client = await openSocket(running, options)
  clients.push(client)
  return client
}
let addresses = 0
const submit = async (headers?: Record<string, string>): Promise<Job> => {
  const url = `https://socket.example/${(addresses += 1)}`
  return (await (await running.post('/api/v1/jobs', { url }, headers)).json()) as Job
}
const sample = (job: Job, change: Partial<ProgressSample> = {}): ProgressSample => ({
  jobId: job.id,
  run: 1,
  step: 'download',
  part: null,
  share: 1,
  attempt: 1,
  seq: 1,
  percent: 50,
  done: 5,
  total: 10,
  unit: 'bytes',
  rate: 2.5,
  etaMs: 2_000,
  at: Date.now(),
  ...change,
})
let version = 0
/** Writes what the workflow knows as its worker does: the row, then the hint. */
const project = async (job: Job, states: Partial<Record<StepName, StepState>>, change: Partial<JobProjection> = {}) => {
  const steps = STEP_NAMES.map((name): StepRecord => {
    const state = states[name] ?? 'pending'
    const attempt = state === 'pending' ? 0 : 1
    return { name, state, percent: null, attempt, startedAt: null, endedAt: null, error: null, weight: 1 }
  })
  const projection: JobProjection = {
    jobId: job.id,
    run: job.run,
    workflowRunId: 'first',
    version: (version += 1),
    state: 'running',
    waitingFor: null,
    pauseRequested: false,
    priority: 3,
    title: null,
    site: null,
    steps,
    error: null,
    result: null,
    ...change,
  }
  const revision = await running.catalog.jobs.applyProjection(projection)
  expect(revision).not.toBeNull()
  worker.publish({ type: 'changed', jobId: job.id, revision: revision ?? 0 })
  return revision
}

const end = async (job: Job) => {
  const ending = { id: job.id, run: job.run, state: 'cancelled', error: null, result: null } as const
  const revision = await running.catalog.jobs.markEnded(ending)
  worker.publish({ type: 'changed', jobId: job.id, revision: revision ?? 0 })
}

describe('opening', () => {
  test('speaks sluice.v1, to clients that offer it and to those that offer nothing', async () => {
    expect((await connect({ protocols: ['other', 'sluice.v1'] })).socket.protocol).toBe('sluice.v1')
    expect((await connect({ protocols: [] })).socket.protocol).toBe('')
    const headers = { authorization: `Bearer ${running.api.ownerToken}` }
    expect(await refusedWith(running, '/api/v1/progress', headers, ['other'])).toBe(400)
  })

  test('by cookie, or by a ticket that is good once', async () => {
    await connect({ token: null, headers: { cookie: `sluice_session=${running.api.ownerToken}` } })
    const answer = await running.post('/api/v1/progress/tickets')
    const { ticket } = (await answer.json()) as { ticket: string }
    const path = `/api/v1/progress?ticket=${ticket}`
    const client = await connect({ token: null, path })
    client.say({ type: 'ping' })
    await client.heard('pong')
    expect(await refusedWith(running, path, {})).toBe(401)
  })
})

describe('a subscription', () => {
  test('answers, then gives each job whole, as GET does', async () => {
    const [one, two] = [await submit(), await submit()]
    const client = await connect()
    client.say({ type: 'subscribe', jobs: [one.id, 'none', two.id] })
    expect(await client.heard('subscribed')).toEqual({
      type: 'subscribed',
      jobs: [one.id, two.id],
      rejected: [{ id: 'none', code: 'JobNotFound' }],
    })
    const { job } = await client.heard('snapshot', (message) => message.job.id === two.id)
    expect(job).toEqual(await (await running.call(two.links.self)).json())
    expect(client.messages.map(({ type }) => type)).toEqual(['subscribed', 'snapshot', 'snapshot'])
  })

  test('brings readings and changes of these jobs alone', async () => {
    const [mine, other] = [await submit(), await submit()]
    const client = await connect()
    client.say({ type: 'subscribe', jobs: [mine.id] })
    await client.heard('snapshot')
    const revision = await project(mine, { resolve: 'running' })
    const state = await client.heard('state')
    expect(state).toMatchObject({ jobId: mine.id, revision, state: 'running', waitingFor: null, error: null })
    expect(state.step).toMatchObject({ name: 'resolve', state: 'running' })
    worker.publish({ type: 'progress', sample: sample(other) })
    await project(mine, { resolve: 'succeeded', download: 'running' })
    await client.heard('state', (message) => message.step?.name === 'download')
    const sent = sample(mine, { seq: 7 })
    worker.publish({ type: 'progress', sample: sent })
    const { run: _run, share: _share, ...visible } = sent
    // One of eight steps is done, and half of another.
    expect(await client.heard('progress')).toEqual({ type: 'progress', ...visible, jobPercent: 18.8 })
    expect(client.messages.every((message) => !('jobId' in message) || message.jobId === mine.id)).toBe(true)
    const live = (await (await running.call(mine.links.self)).json()) as Job
    expect(live.percent).toBe(18.8)
    expect(live.steps.find(({ name }) => name === 'download')?.percent).toBe(50)
  })

  test('says of every step that changed, in messages of one revision', async () => {
    const job = await submit()
    const client = await connect()
    client.say({ type: 'subscribe', jobs: [job.id] })
    await client.heard('snapshot')
    const revision = await project(job, { resolve: 'succeeded', download: 'running' })
    await client.heard('state', (message) => message.step?.name === 'download')
    const states = client.messages.filter((message) => message.type === 'state')
    expect(states.map((message) => [message.revision, message.step?.name])).toEqual([
      [revision, 'resolve'],
      [revision, 'download'],
    ])
  })

  test('drops readings that are older than one it has told', async () => {
    const job = await submit()
    await project(job, { download: 'running' })
    const client = await connect()
    client.say({ type: 'subscribe', jobs: [job.id] })
    await client.heard('snapshot')
    for (const [attempt, seq] of [
      [1, 1],
      [1, 3],
      [1, 2],
      [2, 1],
      [1, 9],
      [2, 2],
    ] as const) {
      worker.publish({ type: 'progress', sample: sample(job, { attempt, seq }) })
    }
    await client.heard('progress', (message) => message.attempt === 2 && message.seq === 2)
    const told = client.messages.flatMap((message) =>
      message.type === 'progress' ? [[message.attempt, message.seq]] : [],
    )
    expect(told).toEqual([
      [1, 1],
      [1, 3],
      [2, 1],
      [2, 2],
    ])
  })

  test('hears no reading of a job that has ended, and of its deletion by another process', async () => {
    const job = await submit()
    await project(job, { download: 'running' })
    const client = await connect()
    client.say({ type: 'subscribe', jobs: [job.id] })
    await client.heard('snapshot')
    await end(job)
    await client.heard('state', ({ state }) => state === 'cancelled')
    worker.publish({ type: 'progress', sample: sample(job) })
    await running.catalog.jobs.remove(job.id)
    worker.publish({ type: 'changed', jobId: job.id, revision: 99 })
    await client.heard('removed')
    expect(client.messages.map(({ type }) => type)).not.toContain('progress')
  })

  test('ends when asked, and is told of a deletion', async () => {
    const [one, two] = [await submit(), await submit()]
    const client = await connect()
    client.say({ type: 'subscribe', jobs: [one.id, two.id] })
    await client.heard('snapshot', (message) => message.job.id === two.id)
    client.say({ type: 'unsubscribe', jobs: [one.id] })
    client.say({ type: 'ping' })
    await client.heard('pong')
    await end(one)
    await end(two)
    await client.heard('state', (message) => message.jobId === two.id && message.state === 'cancelled')
    const headers = { authorization: `Bearer ${running.api.ownerToken}` }
    await running.call(two.links.self, { method: 'DELETE', headers })
    expect(await client.heard('removed')).toEqual({ type: 'removed', jobId: two.id })
    expect(client.messages.some((message) => message.type === 'state' && message.jobId === one.id)).toBe(false)
  })

  test('to all brings what has not ended, and then each new job', async () => {
    const ended = await submit()
    await end(ended)
    const live = await submit()
    const client = await connect()
    client.say({ type: 'subscribe', all: true })
    const { jobs } = await client.heard('subscribed')
    expect(jobs).toContain(live.id)
    expect(jobs).not.toContain(ended.id)
    const fresh = await submit()
    await client.heard('snapshot', (message) => message.job.id === fresh.id)
    await project(fresh, { download: 'running' })
    await client.heard('state', (message) => message.jobId === fresh.id)
    worker.publish({ type: 'progress', sample: sample(fresh) })
    await client.heard('progress', (message) => message.jobId === fresh.id)
    await project(fresh, { download: 'succeeded' }, { state: 'succeeded' })
    const { revision } = await client.heard('state', ({ jobId, state }) => jobId === fresh.id && state === 'succeeded')
    // Announced again, it is no new job.
    worker.publish({ type: 'changed', jobId: fresh.id, revision })
    const last = await submit()
    await client.heard('snapshot', (message) => message.job.id === last.id)
    const snapshots = client.messages.flatMap((message) => (message.type === 'snapshot' ? [message.job.id] : []))
    expect(new Set(snapshots).size).toBe(snapshots.length)
  })

  test('is to own jobs, except for an admin', async () => {
    const token = await running.api.tokens.issue({ principal: { subject: 'ada', role: 'editor' }, lifetimeSeconds: 60 })
    const ada = await connect({ token })
    const owners = await submit()
    ada.say({ type: 'subscribe', all: true })
    ada.say({ type: 'subscribe', jobs: [owners.id] })
    await ada.heard('subscribed', ({ rejected }) => rejected[0]?.id === owners.id)
    // Changes are told in order: with the second she has been told of the first, if ever.
    await submit()
    const own = await submit({ authorization: `Bearer ${token}` })
    await ada.heard('snapshot', (message) => message.job.id === own.id)
    const seen = ada.messages.flatMap((message) => (message.type === 'snapshot' ? [message.job.owner] : []))
    expect(new Set(seen)).toEqual(new Set(['ada']))
  })
})

describe('messages that are none', () => {
  test.each([
    'not json',
    '[]',
    'null',
    '{"type":"dance"}',
    '{"type":"subscribe"}',
    '{"type":"subscribe","jobs":"all"}',
    '{"type":"subscribe","all":false}',
    JSON.stringify({ type: 'unsubscribe', jobs: Array.from({ length: 1_001 }, () => 'x') }),
  ])('%s is answered with an error, and the socket goes on', async (text) => {
    const client = await connect()
    client.say(text)
    expect(await client.heard('error')).toMatchObject({ code: 'InvalidRequest' })
    client.say({ type: 'ping' })
    await client.heard('pong')
  })

  test('one of more than 16 KiB closes the socket with 1009', async () => {
    const client = await connect()
    client.say({ type: 'subscribe', jobs: ['x'.repeat(17_000)] })
    expect((await client.closed).code).toBe(1009)
  })
})

describe('server-sent events', () => {
  test('carry the same messages', async () => {
    const job = await submit()
    const stop = new AbortController()
    const response = await running.call(`/api/v1/progress/events?jobs=${job.id}`, {
      headers: { authorization: `Bearer ${running.api.ownerToken}` },
      signal: stop.signal,
    })
    expect(response.headers.get('content-type')).toBe('text/event-stream')
    const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader()
    let text = ''
    const readUntil = async (type: string) => {
      while (!text.includes(`data: {"type":"${type}"`)) text += (await reader?.read())?.value ?? ''
    }
    await readUntil('snapshot')
    await project(job, { download: 'running' })
    await readUntil('state')
    worker.publish({ type: 'progress', sample: sample(job) })
    await readUntil('progress')
    const types = [...text.matchAll(/^data: (.*)$/gm)].map(
      ([, data]) => (JSON.parse(String(data)) as { type: string }).type,
    )
    expect(types).toEqual(['subscribed', 'snapshot', 'state', 'progress'])
    stop.abort()
    expect((await running.call('/api/v1/progress/events')).status).toBe(400)
  })
})
