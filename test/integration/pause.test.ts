import { execFile } from 'node:child_process'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { promisify } from 'node:util'
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import type { Job } from '../../contract/jobs.ts'
import { SIGNALS, workflowIdOf } from '../../contract/names.ts'
import type { ServerMessage } from '../../contract/socket.ts'
import { readInstance } from '../../scripts/instance-file.ts'
import { startTestInstance, type TestInstance } from './instance.ts'
import { makeClip, makeHls } from './make-media.ts'
import { file, folder, inTurn, status } from './origin-answers.ts'
import { startOrigin, type Origin } from './origin.ts'
import { toolsRunningIn } from './running-tools.ts'

let sluice: TestInstance
let origin: Origin
let short: string

beforeAll(async () => {
  ;[sluice, origin] = await Promise.all([
    startTestInstance({ SLUICE_DOWNLOAD_SLOTS: '1', SLUICE_CHUNK_MS: '5000' }),
    startOrigin(),
  ])
  const { ffmpeg } = sluice.config.tools
  // Not H.264, so that it is encoded, for long enough to be interrupted.
  const options = ['-c:v', 'mpeg4', '-b:v', '2M']
  const long = await makeClip(ffmpeg, join(sluice.config.dataDir, 'long.mp4'), {
    seconds: 30,
    size: '640x360',
    options,
  })
  short = await makeClip(ffmpeg, join(sluice.config.dataDir, 'short.mp4'))
  origin.on('/long.mp4', file(long))
})
afterAll(async () => {
  await sluice.dispose()
  await origin.close()
})
afterEach(() => resumeProcess('temporal'))

/** Serves the short clip slowly, under a name of its own. */
const serveSlowly = (name: string, bytesPerSecond = 15_000): string => {
  origin.on(`/${name}.mp4`, file(short, { bytesPerSecond }))
  return origin.urlOf(`/${name}.mp4`)
}
const rangesOf = (name: string) => origin.seen.filter(({ path }) => path === `/${name}.mp4`).map(({ range }) => range)

const progressOf = (step: string) => (message: ServerMessage) =>
  message.type === 'progress' && message.step === step && message.done > 0
const inState = (state: string) => (message: ServerMessage) =>
  (message.type === 'state' && message.state === state) || (message.type === 'snapshot' && message.job.state === state)

const ask = async (job: Job, word: string): Promise<Job> => {
  const { status: code, body } = await sluice.call<Job>('POST', `/jobs/${job.id}/${word}`)
  expect(code).toBe(202)
  return body
}
const read = async (job: Job): Promise<Job> => (await sluice.call<Job>('GET', `/jobs/${job.id}`)).body

/** Asks for something and measures until the job is in a state, in ms. */
const timed = async (job: Job, word: string, state: string): Promise<number> => {
  const reached = sluice.seen(job.id, inState(state))
  const askedAt = Date.now()
  await ask(job, word)
  await reached
  return Date.now() - askedAt
}

const commandLine = (...words: string[]) =>
  promisify(execFile)(process.execPath, ['--import', 'tsx', 'cli.ts', '--data', sluice.config.dataDir, ...words])

const pidOf = (name: string): number | undefined =>
  readInstance(sluice.config.dataDir)?.processes.find((candidate) => candidate.name === name)?.pid
const stopProcess = (name: string): void => void process.kill(pidOf(name) ?? 0, 'SIGSTOP')
const resumeProcess = (name: string): void => {
  const pid = pidOf(name)
  if (pid !== undefined) process.kill(pid, 'SIGCONT')
}

/** Stops Temporal, and waits until its last answer is so old that the next job is not sent off without asking: 2 s. */
const loseTemporal = async (): Promise<void> => {
  stopProcess('temporal')
  await wait(2_100)
  await vi.waitFor(async () => expect((await fetch(`${sluice.url}/readyz`)).status).toBe(503), { timeout: 20_000 })
}

const expectNothingLeft = async (job: Job): Promise<void> => {
  expect(await readdir(join(sluice.config.dataDir, 'work'))).not.toContain(job.id)
  expect(await readdir(join(sluice.config.dataDir, 'scratch'))).toEqual([])
  expect(await toolsRunningIn(sluice.config.dataDir)).toEqual([])
}

describe('pause', () => {
  it('in the middle of a download: within 2 s, the slot is free, and it goes on where it was', async () => {
    const job = await sluice.submit({ url: serveSlowly('brook'), preset: 'original' })
    await sluice.seen(job.id, progressOf('download'))
    expect(await timed(job, 'pause', 'paused')).toBeLessThan(2_000)
    // There is one slot.
    const other = await sluice.run({ url: serveSlowly('rill', 1_000_000), preset: 'original' })
    expect(other.state).toBe('succeeded')
    expect(await read(job)).toMatchObject({ state: 'paused', pauseRequested: true, error: null })
    expect(await timed(job, 'resume', 'running')).toBeLessThan(2_000)
    const ended = await sluice.ended(job.id)
    expect(ended).toMatchObject({ state: 'succeeded', pauseRequested: false, run: 1 })
    expect(rangesOf('brook')).toEqual([null, null, expect.stringMatching(/^bytes=[1-9]\d{3,}-$/)])
    await expectNothingLeft(ended)
  })

  it('in the middle of a download in pieces: within 2 s, and each piece goes on where it was', async () => {
    const hls = await makeHls(sluice.config.tools.ffmpeg, join(sluice.config.dataDir, 'hls'), { seconds: 12 })
    await folder(origin, '/hls', hls, { bytesPerSecond: 30_000 })
    const job = await sluice.submit({ url: origin.urlOf('/hls/index.m3u8'), preset: 'original' })
    await sluice.seen(job.id, progressOf('download'))
    expect(await timed(job, 'pause', 'paused')).toBeLessThan(2_000)
    expect(await toolsRunningIn(sluice.config.dataDir)).toEqual([])
    await ask(job, 'resume')
    expect(await sluice.ended(job.id)).toMatchObject({ state: 'succeeded', error: null })
    const segments = origin.seen.filter(({ path }) => path.endsWith('.ts'))
    const begun = segments.filter(({ range }) => range === null).map(({ path }) => path)
    expect(begun.length).toBeGreaterThan(4)
    expect(begun).toEqual([...new Set(begun)])
    expect(segments.length).toBeGreaterThan(begun.length)
    await expectNothingLeft(job)
  })

  it('in the middle of an encode: within 2 s, no program is left, and finished parts stay', async () => {
    const job = await sluice.submit({ url: origin.urlOf('/long.mp4'), preset: 'stream' })
    const finished = new Set<string>()
    await sluice.seen(job.id, (message) => {
      if (message.type !== 'progress' || message.step !== 'transcode' || !message.part?.includes('/')) return false
      if (message.percent === 100) finished.add(message.part)
      return finished.size > 0 && !finished.has(message.part) && message.done > 0
    })
    expect(await toolsRunningIn(sluice.config.dataDir)).not.toEqual([])
    expect(await timed(job, 'pause', 'paused')).toBeLessThan(2_000)
    expect(await toolsRunningIn(sluice.config.dataDir)).toEqual([])
    const { steps } = await read(job)
    expect(steps.find(({ name }) => name === 'transcode')).toMatchObject({ state: 'queued', error: null })
    const encodedAgain = new Set<string | null>()
    const watching = sluice.seen(job.id, (message) => {
      if (progressOf('transcode')(message) && message.type === 'progress') encodedAgain.add(message.part)
      return message.type === 'state' && message.state === 'succeeded'
    })
    await ask(job, 'resume')
    await watching
    expect([...finished].filter((part) => encodedAgain.has(part))).toEqual([])
    expect(encodedAgain.size).toBeGreaterThan(0)
    const ended = await sluice.ended(job.id)
    expect(ended).toMatchObject({ state: 'succeeded', error: null })
    expect(ended.steps.map(({ attempt }) => attempt).slice(0, 4)).toEqual([1, 1, 1, 1])
    expect(rangesOf('long').length).toBe(2)
    await expectNothingLeft(ended)
  })

  it('outlives everything: it is still paused after a restart, and goes on', async () => {
    const job = await sluice.submit({ url: serveSlowly('oxbow'), preset: 'original' })
    await sluice.seen(job.id, progressOf('download'))
    await ask(job, 'pause')
    // In the middle of stopping.
    for (const name of ['worker', 'temporal', 'api']) sluice.kill9(name)
    await sluice.seen(job.id, inState('paused'))
    // And once more, while it rests.
    for (const name of ['worker', 'temporal', 'api']) sluice.kill9(name)
    await vi.waitFor(async () => expect((await fetch(`${sluice.url}/readyz`)).status).toBe(200), { timeout: 60_000 })
    // Whatever would begin again by mistake would have begun before this one, in the same slot.
    expect(await sluice.run({ url: serveSlowly('slough', 1_000_000), preset: 'original' })).toMatchObject({
      state: 'succeeded',
    })
    expect(await read(job)).toMatchObject({ state: 'paused', pauseRequested: true })
    await ask(job, 'resume')
    expect(await sluice.ended(job.id)).toMatchObject({ state: 'succeeded' })
    await expectNothingLeft(job)
  })

  it('of all that has not ended rests them all, and the command line goes on with those that it is given', async () => {
    const jobs = await Promise.all(
      ['run', 'race', 'riffle'].map((name) => sluice.submit({ url: serveSlowly(name), preset: 'original' })),
    )
    const first = await Promise.race(jobs.map((job) => sluice.seen(job.id, progressOf('download')).then(() => job)))
    const states = ['accepted', 'running', 'waiting']
    const { status: code, body } = await sluice.call<{ items: { id: string }[] }>('POST', '/jobs/actions', {
      action: 'pause',
      filter: { state: states },
    })
    expect(code).toBe(202)
    expect(body.items.map(({ id }) => id).toSorted()).toEqual(jobs.map(({ id }) => id).toSorted())
    for (const job of jobs) await sluice.seen(job.id, inState('paused'))
    expect(await toolsRunningIn(sluice.config.dataDir)).toEqual([])
    const others = jobs.filter((job) => job !== first)
    const { stdout } = await commandLine('resume', first.id)
    expect(stdout).toMatch(new RegExp(`^${first.id}  `))
    expect(await sluice.ended(first.id)).toMatchObject({ state: 'succeeded' })
    for (const job of others) expect(await read(job)).toMatchObject({ state: 'paused' })
    await commandLine('cancel', ...others.map(({ id }) => id))
    for (const job of others) expect(await sluice.ended(job.id)).toMatchObject({ state: 'cancelled' })
    await expect(commandLine('pause', first.id)).rejects.toMatchObject({
      code: 1,
      stderr: expect.stringContaining('has succeeded already') as unknown,
    })
  })

  it('before it begins: it waits in its row, with Temporal away too', async () => {
    await loseTemporal()
    const job = await sluice.submit({ url: serveSlowly('beck', 1_000_000), preset: 'original' })
    await ask(job, 'pause')
    await sluice.seen(job.id, inState('paused'))
    resumeProcess('temporal')
    expect(await read(job)).toMatchObject({ state: 'paused', pauseRequested: true })
    expect(rangesOf('beck')).toEqual([])
    await ask(job, 'resume')
    expect(await sluice.ended(job.id)).toMatchObject({ state: 'succeeded', pauseRequested: false })
  })

  it('while Temporal is away ends what runs at once, and is known as paused when it is back', async () => {
    const job = await sluice.submit({ url: origin.urlOf('/long.mp4'), preset: 'web' })
    await sluice.seen(job.id, progressOf('transcode'))
    stopProcess('temporal')
    await ask(job, 'pause')
    await vi.waitFor(async () => expect(await toolsRunningIn(sluice.config.dataDir)).toEqual([]), { timeout: 2_000 })
    resumeProcess('temporal')
    await sluice.seen(job.id, inState('paused'))
    await ask(job, 'cancel')
    await expectNothingLeft(await sluice.ended(job.id))
  })

  it('taken back before Temporal heard of it costs the attempt alone', async () => {
    const job = await sluice.submit({ url: serveSlowly('leat'), preset: 'original' })
    await sluice.seen(job.id, progressOf('download'))
    stopProcess('temporal')
    await ask(job, 'pause')
    await ask(job, 'resume')
    resumeProcess('temporal')
    expect(await sluice.ended(job.id)).toMatchObject({ state: 'succeeded', error: null })
  })

  it('between two tries, and by an operator with a signal', async () => {
    origin.on('/weir.mp4', inTurn(file(short), status(503, { 'retry-after': '600' })))
    const job = await sluice.submit({ url: origin.urlOf('/weir.mp4'), preset: 'original' })
    await sluice.seen(job.id, (message) => message.type === 'state' && (message.step?.error ?? null) !== null)
    const { client, close } = await sluice.temporal()
    const workflow = client.workflow.getHandle(workflowIdOf('ingest', job.id, 1))
    await workflow.signal(SIGNALS.pause)
    await sluice.seen(job.id, inState('paused'))
    expect(await read(job)).toMatchObject({ pauseRequested: true })
    await workflow.signal(SIGNALS.resume)
    await sluice.seen(job.id, inState('running'))
    await workflow.signal(SIGNALS.pause)
    await sluice.seen(job.id, inState('paused'))
    await close()
    // As anybody would: by the API.
    expect(await timed(job, 'cancel', 'cancelled')).toBeLessThan(6_000)
    await expectNothingLeft(job)
  })

  it('is refused with the state where it makes no sense', async () => {
    const job = await sluice.run({ url: serveSlowly('pond', 1_000_000), preset: 'original' })
    for (const word of ['pause', 'resume', 'cancel']) {
      const refused = await sluice.call('POST', `/jobs/${job.id}/${word}`)
      expect(refused).toMatchObject({ status: 409, body: { code: 'StateConflict', state: 'succeeded' } })
    }
  })
})

describe('cancel', () => {
  it('in the middle of an encode: the last program is dead within 6 s, and nothing is left', async () => {
    const job = await sluice.submit({ url: origin.urlOf('/long.mp4'), preset: 'web', force: true })
    await sluice.seen(job.id, progressOf('transcode'))
    expect(await timed(job, 'cancel', 'cancelled')).toBeLessThan(6_000)
    await expectNothingLeft(job)
  })

  it('while Temporal is away: programs and scratch are gone within 6 s, the state follows when it is back', async () => {
    const job = await sluice.submit({ url: origin.urlOf('/long.mp4'), preset: 'stream', force: true })
    await sluice.seen(job.id, progressOf('transcode'))
    stopProcess('temporal')
    expect(await ask(job, 'cancel')).toMatchObject({ cancelRequested: true })
    await vi.waitFor(
      async () => {
        expect(await toolsRunningIn(sluice.config.dataDir)).toEqual([])
        expect(await readdir(join(sluice.config.dataDir, 'scratch'))).toEqual([])
      },
      { timeout: 6_000 },
    )
    resumeProcess('temporal')
    expect(await sluice.ended(job.id)).toMatchObject({ state: 'cancelled', error: null })
    await expectNothingLeft(job)
  })

  it('of a job that has not begun, with Temporal away: at once', async () => {
    await loseTemporal()
    const first = await sluice.submit({ url: serveSlowly('sike', 1_000_000), preset: 'original' })
    const job = await sluice.submit({ url: serveSlowly('gill', 1_000_000), preset: 'original' })
    await ask(job, 'cancel')
    expect(await sluice.ended(job.id)).toMatchObject({ state: 'cancelled' })
    resumeProcess('temporal')
    expect(await sluice.ended(first.id)).toMatchObject({ state: 'succeeded' })
    expect(rangesOf('gill')).toEqual([])
  })

  it('and the worker dies in the middle of it', async () => {
    const job = await sluice.submit({ url: serveSlowly('flume'), preset: 'original' })
    await sluice.seen(job.id, progressOf('download'))
    await ask(job, 'cancel')
    sluice.kill9('worker')
    expect(await sluice.ended(job.id)).toMatchObject({ state: 'cancelled', error: null })
    await vi.waitFor(() => expectNothingLeft(job), { timeout: 10_000 })
  })
})
