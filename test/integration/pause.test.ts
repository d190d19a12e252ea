import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { SIGNALS, workflowIdOf } from '../../contract/names.ts'
import { makeHls } from './make-media.ts'
import { file, folder, inTurn, status } from './origin-answers.ts'
import { createGate } from './origin-gate.ts'
import { inState, progressOf } from './server-messages.ts'
import { createWishLine, type WishLine } from './wish-line.ts'

/** Promised: 2 s. Here other encoders run beside it, on as few cores. */
const PAUSE_WITHIN_MS = 4_000

let line: WishLine
beforeAll(async () => {
  line = await createWishLine()
})
afterAll(() => line.close())
afterEach(() => line.resumeTemporal())

describe('pause', () => {
  it('in the middle of a download: within seconds, the slot is free, and it goes on where it was', async () => {
    const { url, letGo } = line.serveHeld('brook')
    const job = await line.sluice.submit({ url, preset: 'original' })
    await line.sluice.seen(job.id, progressOf('download'))
    expect(await line.timed(job, 'pause', 'paused')).toBeLessThan(PAUSE_WITHIN_MS)
    // There is one slot.
    const other = await line.sluice.run({ url: line.serve('rill'), preset: 'original' })
    expect(other.state).toBe('succeeded')
    expect(await line.read(job)).toMatchObject({ state: 'paused', pauseRequested: true, error: null })
    expect(await line.timed(job, 'resume', 'running')).toBeLessThan(PAUSE_WITHIN_MS)
    letGo()
    const ended = await line.sluice.ended(job.id)
    expect(ended).toMatchObject({ state: 'succeeded', pauseRequested: false, run: 1 })
    expect(line.rangesOf('brook')).toEqual([null, null, expect.stringMatching(/^bytes=[1-9]\d{3,}-$/)])
    await line.expectNothingLeft(ended)
  })

  it('in the middle of a download in pieces: within seconds, and each piece goes on where it was', async () => {
    const hls = await makeHls(line.sluice.config.tools.ffmpeg, join(line.sluice.config.dataDir, 'hls'), { seconds: 12 })
    const gate = createGate()
    await folder(line.origin, '/hls', hls, { held: { afterBytes: 20_000, gate } })
    const job = await line.sluice.submit({ url: line.origin.urlOf('/hls/index.m3u8'), preset: 'original' })
    await line.sluice.seen(job.id, progressOf('download'))
    expect(await line.timed(job, 'pause', 'paused')).toBeLessThan(PAUSE_WITHIN_MS)
    expect(await line.toolsRunning()).toEqual([])
    await line.ask(job, 'resume')
    gate.open()
    expect(await line.sluice.ended(job.id)).toMatchObject({ state: 'succeeded', error: null })
    const segments = line.origin.seen.filter(({ path }) => path.endsWith('.ts'))
    const begun = segments.filter(({ range }) => range === null).map(({ path }) => path)
    expect(begun.length).toBeGreaterThan(4)
    expect(begun).toEqual([...new Set(begun)])
    expect(segments.length).toBeGreaterThan(begun.length)
    await line.expectNothingLeft(job)
  })

  it('in the middle of an encode: within seconds, no program is left, and finished parts stay', async () => {
    const job = await line.sluice.submit({ url: line.origin.urlOf('/long.mp4'), preset: 'stream' })
    const finished = new Set<string>()
    await line.sluice.seen(job.id, (message) => {
      if (message.type !== 'progress' || message.step !== 'transcode' || !message.part?.includes('/')) return false
      if (message.percent === 100) finished.add(message.part)
      return finished.size > 0 && !finished.has(message.part) && message.done > 0
    })
    // One chunk may just have ended, and the next not have begun.
    await vi.waitFor(async () => expect(await line.toolsRunning()).not.toEqual([]), { timeout: 30_000 })
    expect(await line.timed(job, 'pause', 'paused')).toBeLessThan(PAUSE_WITHIN_MS)
    expect(await line.toolsRunning()).toEqual([])
    const { steps } = await line.read(job)
    expect(steps.find(({ name }) => name === 'transcode')).toMatchObject({ state: 'queued', error: null })
    const encodedAgain = new Set<string | null>()
    const watching = line.sluice.seen(job.id, (message) => {
      if (progressOf('transcode')(message) && message.type === 'progress') encodedAgain.add(message.part)
      return inState('succeeded')(message)
    })
    await line.ask(job, 'resume')
    await watching
    expect([...finished].filter((part) => encodedAgain.has(part))).toEqual([])
    expect(encodedAgain.size).toBeGreaterThan(0)
    const ended = await line.sluice.ended(job.id)
    expect(ended).toMatchObject({ state: 'succeeded', error: null })
    expect(ended.steps.map(({ attempt }) => attempt).slice(0, 4)).toEqual([1, 1, 1, 1])
    expect(line.rangesOf('long').length).toBe(2)
    await line.expectNothingLeft(ended)
  })

  it('outlives everything: it is still paused after a restart, and goes on', async () => {
    const { url, letGo } = line.serveHeld('oxbow')
    const job = await line.sluice.submit({ url, preset: 'original' })
    await line.sluice.seen(job.id, progressOf('download'))
    const killAll = () => Promise.all(['worker', 'temporal', 'api'].map((name) => line.sluice.kill9(name)))
    await line.ask(job, 'pause')
    // In the middle of stopping.
    await killAll()
    await line.sluice.seen(job.id, inState('paused'))
    // And once more, while it rests.
    await killAll()
    await vi.waitFor(async () => expect((await fetch(`${line.sluice.url}/readyz`)).status).toBe(200), {
      timeout: 120_000,
    })
    // Whatever would begin again by mistake would have begun before this one, in the same slot.
    expect(await line.sluice.run({ url: line.serve('slough'), preset: 'original' })).toMatchObject({
      state: 'succeeded',
    })
    expect(await line.read(job)).toMatchObject({ state: 'paused', pauseRequested: true })
    await line.ask(job, 'resume')
    letGo()
    expect(await line.sluice.ended(job.id)).toMatchObject({ state: 'succeeded' })
    await line.expectNothingLeft(job)
  })

  it('of all that has not ended rests them all, and the command line goes on with those that it is given', async () => {
    const served = ['run', 'race', 'riffle'].map((name) => line.serveHeld(name))
    const jobs = await Promise.all(served.map(({ url }) => line.sluice.submit({ url, preset: 'original' })))
    const first = await Promise.race(
      jobs.map((job) => line.sluice.seen(job.id, progressOf('download')).then(() => job)),
    )
    const states = ['accepted', 'running', 'waiting']
    const { status: code, body } = await line.sluice.call<{ items: { id: string }[] }>('POST', '/jobs/actions', {
      action: 'pause',
      filter: { state: states },
    })
    expect(code).toBe(202)
    expect(body.items.map(({ id }) => id).toSorted()).toEqual(jobs.map(({ id }) => id).toSorted())
    for (const job of jobs) await line.sluice.seen(job.id, inState('paused'))
    expect(await line.toolsRunning()).toEqual([])
    const others = jobs.filter((job) => job !== first)
    const { stdout } = await line.commandLine('resume', first.id)
    expect(stdout).toMatch(new RegExp(`^${first.id}  `))
    for (const { letGo } of served) letGo()
    expect(await line.sluice.ended(first.id)).toMatchObject({ state: 'succeeded' })
    for (const job of others) expect(await line.read(job)).toMatchObject({ state: 'paused' })
    await line.commandLine('cancel', ...others.map(({ id }) => id))
    for (const job of others) expect(await line.sluice.ended(job.id)).toMatchObject({ state: 'cancelled' })
    await expect(line.commandLine('pause', first.id)).rejects.toMatchObject({
      code: 1,
      stderr: expect.stringContaining('has succeeded already') as unknown,
    })
  })

  it('before it begins: it waits in its row, with Temporal away too', async () => {
    await line.loseTemporal()
    const job = await line.sluice.submit({ url: line.serve('beck'), preset: 'original' })
    await line.ask(job, 'pause')
    await line.sluice.seen(job.id, inState('paused'))
    await line.resumeTemporal()
    expect(await line.read(job)).toMatchObject({ state: 'paused', pauseRequested: true })
    expect(line.rangesOf('beck')).toEqual([])
    await line.ask(job, 'resume')
    expect(await line.sluice.ended(job.id)).toMatchObject({ state: 'succeeded', pauseRequested: false })
  })

  it('while Temporal is away ends what runs at once, and is known as paused when it is back', async () => {
    const job = await line.sluice.submit({ url: line.origin.urlOf('/long.mp4'), preset: 'web' })
    await line.sluice.seen(job.id, progressOf('transcode'))
    await line.haltTemporal()
    await line.ask(job, 'pause')
    await vi.waitFor(async () => expect(await line.toolsRunning()).toEqual([]), { timeout: PAUSE_WITHIN_MS })
    await line.resumeTemporal()
    await line.sluice.seen(job.id, inState('paused'))
    await line.ask(job, 'cancel')
    await line.expectNothingLeft(await line.sluice.ended(job.id))
  })

  it('taken back before Temporal heard of it costs the attempt alone', async () => {
    const { url, letGo } = line.serveHeld('leat')
    const job = await line.sluice.submit({ url, preset: 'original' })
    await line.sluice.seen(job.id, progressOf('download'))
    await line.haltTemporal()
    await line.ask(job, 'pause')
    await line.ask(job, 'resume')
    await line.resumeTemporal()
    letGo()
    expect(await line.sluice.ended(job.id)).toMatchObject({ state: 'succeeded', error: null })
  })

  it('between two tries, and by an operator with a signal', async () => {
    line.origin.on('/weir.mp4', inTurn(file(line.short), status(503, { 'retry-after': '600' })))
    const job = await line.sluice.submit({ url: line.origin.urlOf('/weir.mp4'), preset: 'original' })
    await line.sluice.seen(job.id, (message) => {
      const steps = message.type === 'snapshot' ? message.job.steps : message.type === 'state' ? [message.step] : []
      return steps.some((step) => (step?.error ?? null) !== null)
    })
    const { client, close } = await line.sluice.temporal()
    const workflow = client.workflow.getHandle(workflowIdOf('ingest', job.id, 1))
    await workflow.signal(SIGNALS.pause)
    await line.sluice.seen(job.id, inState('paused'))
    expect(await line.read(job)).toMatchObject({ pauseRequested: true })
    await workflow.signal(SIGNALS.resume)
    await line.sluice.seen(job.id, inState('running'))
    await workflow.signal(SIGNALS.pause)
    await line.sluice.seen(job.id, inState('paused'))
    await close()
    // As anybody would: by the API.
    expect(await line.timed(job, 'cancel', 'cancelled')).toBeLessThan(6_000)
    await line.expectNothingLeft(job)
  })

  it('is refused with the state where it makes no sense', async () => {
    const job = await line.sluice.run({ url: line.serve('pond'), preset: 'original' })
    for (const word of ['pause', 'resume', 'cancel']) {
      const refused = await line.sluice.call('POST', `/jobs/${job.id}/${word}`)
      expect(refused).toMatchObject({ status: 409, body: { code: 'StateConflict', state: 'succeeded' } })
    }
  })
})
