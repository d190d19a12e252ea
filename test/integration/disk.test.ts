import { copyFile, mkdir, mkdtemp, readdir, rm, truncate } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { Job } from '../../contract/jobs.ts'
import type { Media } from '../../contract/media.ts'
import type { ServerMessage } from '../../contract/socket.ts'
import { readInstance } from '../../scripts/instance-file.ts'
import { mountSmallDisk, type SmallDisk } from '../chaos/disk.ts'
import { startTestInstance, type TestInstance } from './instance.ts'
import { makeClip } from './make-media.ts'
import { file } from './origin-answers.ts'
import { createGate } from './origin-gate.ts'
import { startOrigin, type Origin } from './origin.ts'
import { toolsRunningIn } from './running-tools.ts'

const MIB = 1024 ** 2

interface System {
  disk: { freeBytes: number; keepFreeBytes: number; reservedBytes: number; waitingJobs: number }
}

const isWaiting = (message: ServerMessage): boolean =>
  (message.type === 'state' && message.state === 'waiting' && message.waitingFor === 'disk') ||
  (message.type === 'snapshot' && message.job.state === 'waiting')

// A disk of a chosen size takes a mount, and that takes root.
const mayMount = process.platform === 'linux' && process.getuid?.() === 0

describe.runIf(mayMount)('a data directory on a disk of 48 MiB', () => {
  let dataDir: string
  let sourceDir: string
  let disk: SmallDisk
  let sluice: TestInstance
  let origin: Origin
  const endlessGate = createGate()
  beforeAll(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'sluice-disk-'))
    sourceDir = await mkdtemp(join(tmpdir(), 'sluice-sources-'))
    const mounted = mountSmallDisk(dataDir, 48)
    if (!mounted) throw new Error('it could not be mounted')
    disk = mounted
    origin = await startOrigin()
    sluice = await startTestInstance({ SLUICE_DATA: dataDir, SLUICE_LOG_LEVEL: 'silent' }, { slowEncoder: true })
    // 4 MiB of something that H.264 does not make smaller.
    const noise = ['-vf', 'noise=alls=40:allf=t', '-b:v', '4M', '-minrate', '4M', '-maxrate', '4M', '-bufsize', '1M']
    const clip = await makeClip(sluice.config.tools.ffmpeg, join(sourceDir, 'clip.mp4'), { seconds: 8, options: noise })
    origin.on('/clip.mp4', file(clip))
    origin.on('/held.mp4', file(clip, { held: { afterBytes: 200_000, gate: createGate() } }))
    origin.on('/huge.mp4', file(clip, { claimedBytes: 500 * MIB }))
    const endless = join(sourceDir, 'endless.mp4')
    await copyFile(clip, endless)
    await truncate(endless, 100 * MIB)
    const held = { afterBytes: 20 * MIB, gate: endlessGate }
    origin.on('/endless.mp4', file(endless, { plain: true, unsized: true, bytesPerSecond: 12 * MIB, held }))
    await mkdir(sluice.config.importDir, { recursive: true })
    await copyFile(clip, join(sluice.config.importDir, 'clip.mp4'))
  })
  afterAll(async () => {
    await sluice.stop()
    await origin.close()
    disk.unmount()
    await sluice.dispose()
    await rm(sourceDir, { recursive: true, force: true })
  })

  // What is finished takes room, too.
  afterEach(async () => {
    disk.makeRoom()
    const { items } = (await sluice.call<{ items: Media[] }>('GET', '/media')).body
    await Promise.all(items.map(({ id }) => sluice.call('DELETE', `/media/${id}`)))
  })

  const submit = (name: string, preset: string): Promise<Job> =>
    sluice.submit({ url: origin.urlOf(name), preset, force: true })
  const read = async (id: string): Promise<Job> => (await sluice.call<Job>('GET', `/jobs/${id}`)).body
  const diskOf = async () => (await sluice.call<System>('GET', '/system')).body.disk
  const pids = () => readInstance(dataDir)?.processes.map(({ pid }) => pid)

  it('takes several jobs that do not fit side by side: those in excess wait, and all end', async () => {
    const jobs = await Promise.all([1, 2, 3, 4].map(() => submit('/clip.mp4', 'web')))
    const waited = await Promise.any(jobs.map(({ id }) => sluice.seen(id, isWaiting)))
    expect(waited).toBeDefined()
    const ended = await Promise.all(jobs.map(({ id }) => sluice.ended(id)))
    expect(ended.map(({ state, waitingFor, error }) => ({ state, waitingFor, error }))).toEqual(
      jobs.map(() => ({ state: 'succeeded', waitingFor: null, error: null })),
    )
    expect(await diskOf()).toMatchObject({ reservedBytes: 0, waitingJobs: 0 })
  })

  it('lets a job wait that does not fit, and go on by itself when somebody makes room', async () => {
    disk.fill(12 * MIB)
    const [first, second] = [await submit('/clip.mp4', 'web'), await submit('/clip.mp4', 'audio')]
    await Promise.all([first, second].map(({ id }) => sluice.seen(id, isWaiting)))
    const waiting = await read(first.id)
    expect(waiting).toMatchObject({
      waitingFor: 'disk',
      error: { code: 'DiskFull', step: 'download', retryable: true },
    })
    expect(waiting.error?.message).toMatch(/needs [\d.]+ MiB more of the disk, and [\d.]+ (MiB|KiB|bytes) can be had/)
    expect(await diskOf()).toMatchObject({ waitingJobs: 2 })
    expect((await sluice.call('POST', `/jobs/${second.id}/cancel`)).status).toBe(202)
    expect(await sluice.ended(second.id)).toMatchObject({ state: 'cancelled', waitingFor: null, error: null })
    disk.makeRoom()
    expect(await sluice.ended(first.id)).toMatchObject({ state: 'succeeded', error: null })
    expect(await readdir(join(dataDir, 'work'))).toEqual([])
  })

  it('survives being full to the last byte in the middle of an encode: nothing is lost, and nobody dies', async () => {
    const before = pids()
    const job = await submit('/clip.mp4', 'stream')
    await sluice.seen(job.id, (message) => message.type === 'progress' && message.step === 'transcode')
    disk.fill()
    await sluice.seen(job.id, isWaiting)
    // The first part that could not write says so; the others are just being ended.
    await expect.poll(() => toolsRunningIn(dataDir), { timeout: 5_000 }).toEqual([])
    const answer = await sluice.call<{ code: string }>('POST', '/jobs', { file: 'clip.mp4', preset: 'original' })
    // By the ballast there mostly is room for it; on no account is it anything else.
    expect(answer.status === 202 || answer.body.code === 'DiskFull').toBe(true)
    disk.makeRoom()
    const ended = await sluice.ended(job.id)
    expect(ended).toMatchObject({ state: 'succeeded', error: null })
    // What was there before the disk was full was not done again.
    expect(ended.steps.find(({ name }) => name === 'download')).toMatchObject({ attempt: 1 })
    expect((await sluice.media(ended)).files.length).toBeGreaterThan(5)
    expect(pids()).toEqual(before)
    if (answer.status === 202) await sluice.ended((answer.body as unknown as Job).id)
  })

  it('fails what could never fit, and says so', async () => {
    const job = await sluice.run({ url: origin.urlOf('/huge.mp4'), preset: 'original' })
    expect(job).toMatchObject({ state: 'failed', error: { code: 'LimitExceeded', retryable: false } })
    expect(job.error?.message).toMatch(/needs [\d.]+ MiB .*jobs may have 2\d\.\d MiB of the 48\.0 MiB/)
  })

  it('fails what shows only on its way that it never fits, and lets others have the room', async () => {
    const endless = await submit('/endless.mp4', 'original')
    await sluice.seen(endless.id, (message) => message.type === 'progress' && (message.done ?? 0) > 0)
    const other = await submit('/clip.mp4', 'web')
    await sluice.seen(other.id, isWaiting)
    endlessGate.open()
    const failed = await sluice.ended(endless.id)
    expect(failed).toMatchObject({ state: 'failed', error: { code: 'LimitExceeded', step: 'download' } })
    expect(failed.error?.message).toMatch(/had [\d.]+ MiB .* not done, and jobs may have 2\d\.\d MiB of the 48\.0 MiB/)
    expect(await sluice.ended(other.id)).toMatchObject({ state: 'succeeded', error: null })
  })

  it('has nothing reserved any more for a job that ends after its worker was killed', async () => {
    const job = await submit('/held.mp4', 'stream')
    await sluice.seen(job.id, (message) => message.type === 'progress' && (message.done ?? 0) > 0)
    expect((await diskOf()).reservedBytes).toBeGreaterThan(4 * MIB)
    await sluice.kill9('worker')
    await sluice.call('POST', `/jobs/${job.id}/cancel`)
    expect(await sluice.ended(job.id)).toMatchObject({ state: 'cancelled' })
    expect(await diskOf()).toMatchObject({ reservedBytes: 0, waitingJobs: 0 })
  })
})
