import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import type { Job } from '../../contract/jobs.ts'
import { readInstance } from '../../scripts/instance-file.ts'
import { startTestInstance, type TestInstance } from './instance.ts'
import { makeClip } from './make-media.ts'
import { file } from './origin-answers.ts'
import { createGate } from './origin-gate.ts'
import { startOrigin, type Origin } from './origin.ts'
import { toolsRunningIn } from './running-tools.ts'
import { inState, progressOf } from './server-messages.ts'

let sluice: TestInstance
let origin: Origin
let short: string

beforeAll(async () => {
  ;[sluice, origin] = await Promise.all([
    startTestInstance({ SLUICE_CHUNK_MS: '5000' }, { slowEncoder: true }),
    startOrigin(),
  ])
  const { ffmpeg } = sluice.config.tools
  // Not H.264, so that it is encoded, for long enough to be interrupted.
  const options = ['-c:v', 'mpeg4', '-b:v', '2M']
  const long = await makeClip(ffmpeg, join(sluice.config.dataDir, 'long.mp4'), {
    seconds: 25,
    size: '640x360',
    options,
  })
  short = await makeClip(ffmpeg, join(sluice.config.dataDir, 'short.mp4'))
  origin.on('/long.mp4', file(long))
  origin.on('/short.mp4', file(short))
})
afterAll(async () => {
  await sluice.dispose()
  await origin.close()
})

/** A download that comes to its middle, and to its end when it is let go. */
const serveHeld = (name: string): { url: string; letGo: () => void } => {
  const gate = createGate()
  origin.on(`/${name}.mp4`, file(short, { held: { afterBytes: 20_000, gate } }))
  return { url: origin.urlOf(`/${name}.mp4`), letGo: () => gate.open() }
}
const rangesOf = (name: string) => origin.seen.filter(({ path }) => path === `/${name}.mp4`).map(({ range }) => range)
/** The question of resolve, the download, its rest. */
const GONE_ON = [null, null, expect.stringMatching(/^bytes=[1-9]\d{3,}-$/)]

/** Waits until another Temporal is there, and the worker has come back to it. */
const anotherTemporal = async (deadPid: number): Promise<void> => {
  const isBack = async (): Promise<void> => {
    const processes = readInstance(sluice.config.dataDir)?.processes ?? []
    expect(processes.map(({ name, pid }) => name === 'temporal' && pid !== deadPid)).toContain(true)
    expect((await fetch(`${sluice.url}/readyz`)).status).toBe(200)
  }
  await vi.waitFor(isBack, { timeout: 60_000 })
}

/** Nothing between steps, no scratch, no program: a crash may cost time but leaves nothing. */
const expectNothingLeft = async (job: Job): Promise<void> => {
  expect(await readdir(join(sluice.config.dataDir, 'work'))).not.toContain(job.id)
  expect(await readdir(join(sluice.config.dataDir, 'scratch'))).toEqual([])
  expect(await toolsRunningIn(sluice.config.dataDir)).toEqual([])
}

describe('kill -9', () => {
  it('of the worker in the middle of an encode costs the chunk in flight, not the job', async () => {
    const job = await sluice.submit({ url: origin.urlOf('/long.mp4'), preset: 'stream' })
    const finished = new Set<string>()
    await sluice.seen(job.id, (message) => {
      if (message.type !== 'progress' || message.step !== 'transcode' || !message.part?.includes('/')) return false
      if (message.percent === 100) finished.add(message.part)
      return finished.size >= 2 && !finished.has(message.part) && message.done > 0
    })
    const killedAt = Date.now()
    const pid = await sluice.kill9('worker')
    const encodedAgain = new Set<string | null>()
    let againAfterMs = Infinity
    await sluice.seen(job.id, (message) => {
      if (progressOf('transcode')(message) && message.type === 'progress' && message.attempt > 1) {
        encodedAgain.add(message.part)
        againAfterMs = Math.min(againAfterMs, Date.now() - killedAt)
      }
      return inState('succeeded')(message)
    })
    // Not after the heartbeat's 60 s: the next worker gives back what the dead one held.
    expect(againAfterMs).toBeLessThan(30_000)
    const ended = await sluice.ended(job.id)
    expect(ended).toMatchObject({ state: 'succeeded', run: 1, error: null })
    expect(() => process.kill(pid, 0)).toThrow('ESRCH')
    for (const part of finished) expect(encodedAgain).not.toContain(part)
    await expectNothingLeft(ended)
  })

  it('of the worker in the middle of a download costs nothing of what had come', async () => {
    const { url, letGo } = serveHeld('partly')
    const job = await sluice.submit({ url, preset: 'original' })
    await sluice.seen(job.id, progressOf('download'))
    await sluice.kill9('worker')
    letGo()
    const ended = await sluice.ended(job.id)
    expect(ended).toMatchObject({ state: 'succeeded', run: 1, error: null })
    expect(rangesOf('partly')).toEqual(GONE_ON)
    await expectNothingLeft(ended)
  })

  it('of the API during a download is only a pause for those who watch', async () => {
    const { url, letGo } = serveHeld('watched')
    const job = await sluice.submit({ url, preset: 'original' })
    await sluice.seen(job.id, progressOf('download'))
    await sluice.kill9('api')
    await sluice.seen(job.id, progressOf('download'))
    letGo()
    const ended = await sluice.ended(job.id)
    expect(ended).toMatchObject({ state: 'succeeded', error: null })
    await expectNothingLeft(ended)
  })

  it('of Temporal during a download redoes nothing', async () => {
    const { url, letGo } = serveHeld('spared')
    const job = await sluice.submit({ url, preset: 'web' })
    await sluice.seen(job.id, progressOf('download'))
    const attempts = new Set<number>()
    const ending = sluice.seen(job.id, (message) => {
      if (message.type === 'progress' && message.step === 'download') attempts.add(message.attempt)
      return inState('succeeded')(message)
    })
    // What ends while Temporal is away is done again.
    await anotherTemporal(await sluice.kill9('temporal'))
    letGo()
    await ending
    expect([...attempts]).toEqual([1])
    await expectNothingLeft(await sluice.ended(job.id))
  })

  it('of Temporal: what is submitted meanwhile is accepted, and runs when it returns', async () => {
    await sluice.kill9('temporal')
    const job = await sluice.submit({ url: origin.urlOf('/short.mp4'), preset: 'audio' })
    expect(job.state).toBe('accepted')
    expect(await sluice.ended(job.id)).toMatchObject({ state: 'succeeded' })
  })

  it('of everything at once', async () => {
    const job = await sluice.submit({ url: origin.urlOf('/long.mp4'), preset: 'web' })
    await sluice.seen(job.id, progressOf('transcode'))
    for (const name of ['worker', 'api', 'temporal']) await sluice.kill9(name)
    const ended = await sluice.ended(job.id)
    expect(ended).toMatchObject({ state: 'succeeded', run: 1, error: null })
    await expectNothingLeft(ended)
  })
})

describe('SIGTERM', () => {
  it('lets the worker finish what is short, and hand back what is not, which goes on where it was', async () => {
    const { url, letGo } = serveHeld('drained')
    const [download, encode] = await Promise.all([
      sluice.submit({ url, preset: 'original' }),
      sluice.submit({ url: origin.urlOf('/long.mp4'), preset: 'web', force: true }),
    ])
    await Promise.all([
      sluice.seen(download.id, progressOf('download')),
      sluice.seen(encode.id, progressOf('transcode')),
    ])
    const pid = await sluice.signalTo('worker', 'SIGTERM')
    const askedAt = Date.now()
    await vi.waitFor(() => expect(() => process.kill(pid, 0)).toThrow('ESRCH'), { timeout: 60_000, interval: 50 })
    // Five seconds of grace, then each activity ends its programs. What does not is given up at 15 s.
    expect(Date.now() - askedAt).toBeLessThan(14_000)
    letGo()
    const ended = await Promise.all([sluice.ended(download.id), sluice.ended(encode.id)])
    for (const job of ended) {
      expect(job).toMatchObject({ state: 'succeeded', run: 1, error: null })
      await expectNothingLeft(job)
    }
    expect(rangesOf('drained')).toEqual(GONE_ON)
  })
})
