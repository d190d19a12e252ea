import { execFile } from 'node:child_process'
import { copyFile, mkdir, readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Job } from '../../contract/jobs.ts'
import type { JobOptions } from '../../contract/presets.ts'
import { TASK_QUEUES, workflowIdOf } from '../../contract/names.ts'
import { DATABASES, type TestDatabase } from './catalog-databases.ts'
import { startTestInstance, type TestInstance } from './instance.ts'
import { makeClip, makeDash, makeHls } from './make-media.ts'
import { ffprobe } from './media-line.ts'
import { file, folder, inTurn, status, videoPage } from './origin-answers.ts'
import { createGate } from './origin-gate.ts'
import { startOrigin, type Origin } from './origin.ts'
import { inState, progressOf } from './server-messages.ts'

const exec = promisify(execFile)
const compare = (a: string, b: string): number => a.localeCompare(b)

describe.each(DATABASES)('ingest, with its catalog in $name', ({ name: databaseName, start }) => {
  /** What is made does not depend on where the catalog is. */
  const some = <T>(all: T[]): T[] => (databaseName === 'SQLite' ? all : all.slice(0, 1))

  let database: TestDatabase
  let sluice: TestInstance
  let origin: Origin

  beforeAll(async () => {
    ;[database, origin] = await Promise.all([start(), startOrigin()])
    const { database: where } = await database.create()
    sluice = await startTestInstance(where.url === null ? {} : { DATABASE_URL: where.url })
    const { ffmpeg } = sluice.config.tools
    const media = join(sluice.config.dataDir, 'origin')
    const clip = await makeClip(ffmpeg, join(media, 'clip.mp4'))
    await mkdir(sluice.config.importDir, { recursive: true })
    await copyFile(clip, join(sluice.config.importDir, 'holiday.mp4'))
    origin.on('/clip.mp4', file(clip))
    origin.on('/endless.mp4', file(clip, { held: { afterBytes: 20_000, gate: createGate() } }))
    origin.on('/page', videoPage('A page with a video', origin.urlOf('/clip.mp4')))
    await folder(origin, '/hls', await makeHls(ffmpeg, join(media, 'hls')))
    await folder(origin, '/dash', await makeDash(ffmpeg, join(media, 'dash')))
  })
  afterAll(async () => {
    await sluice.dispose()
    await origin.close()
    await database.stop()
  })

  const mainFile = async (job: Job) => {
    const media = await sluice.media(job)
    const path = join(sluice.config.libraryDir, media.libraryPath)
    return { media, path, probed: await ffprobe(sluice.config.tools.ffprobe, path) }
  }
  const codecsOf = (probed: Awaited<ReturnType<typeof ffprobe>>) =>
    probed.streams.map((stream) => stream.codec_name ?? '').toSorted(compare)

  it.each(
    some([
      ['a page with a <video>', { url: '/page' }, /^127\.0\.0\.1\/A page with a video \[[0-9a-f]{8}\]\.mp4$/],
      ['a direct file', { url: '/clip.mp4' }, /^127\.0\.0\.1\/clip \[[0-9a-f]{8}\]\.mp4$/],
      ['HLS', { url: '/hls/index.m3u8' }, /^127\.0\.0\.1\/index \[[0-9a-f]{8}\]\.mp4$/],
      ['DASH', { url: '/dash/index.mpd' }, /^127\.0\.0\.1\/index \[[0-9a-f]{8}\]\.mp4$/],
      ['a file of the import folder', { file: 'holiday.mp4' }, /^Local files\/holiday \[[0-9a-f]{8}\]\.mp4$/],
    ]),
  )('takes %s', async (_, source: { url?: string; file?: string }, name) => {
    const from = source.url === undefined ? source : { url: origin.urlOf(source.url) }
    const job = await sluice.run(from)
    expect(job).toMatchObject({ state: 'succeeded', percent: 100, error: null })
    const { media, probed } = await mainFile(job)
    expect(media.libraryPath).toMatch(name)
    expect(codecsOf(probed)).toEqual(['aac', 'h264'])
    expect(Number(probed.format.duration)).toBeCloseTo(2, 0)
    expect(media.files.map((one) => one.role)).toEqual(
      expect.arrayContaining(['main', 'poster', 'storyboard', 'storyboard-image', 'probe', 'manifest', 'checksums']),
    )
    expect(media.files.filter((one) => one.role === 'poster').map((one) => one.contentType)).toEqual(
      expect.arrayContaining(['image/jpeg', 'image/webp']),
    )
  })

  it.each<[string, JobOptions, string[]]>(
    some([
      ['original', {}, ['aac', 'h264']],
      ['audio', {}, ['aac']],
      ['audio', { audioFormat: 'mp3' }, ['mp3']],
      ['audio', { audioFormat: 'opus' }, ['opus']],
      ['web', { maxHeight: 120 }, ['aac', 'h264']],
    ]),
  )('makes %s with %j', async (preset, options: JobOptions, codecs) => {
    const job = await sluice.run({ url: origin.urlOf('/clip.mp4'), preset, options })
    expect(job.error).toBeNull()
    const { media, probed } = await mainFile(job)
    expect(codecsOf(probed)).toEqual(codecs)
    expect(media.height ?? 0).toBeLessThanOrEqual(options.maxHeight ?? 240)
  })

  it('makes a stream that plays from its files, each served with its type', async () => {
    const job = await sluice.run({ url: origin.urlOf('/clip.mp4'), preset: 'stream', options: { keepSource: true } })
    const { media, probed } = await mainFile(job)
    expect(Number(probed.format.duration)).toBeCloseTo(2, 0)
    const byRole = (role: string) => media.files.filter((one) => one.role === role)
    expect(byRole('source')).toHaveLength(1)
    for (const [role, type] of [
      ['hls', 'application/vnd.apple.mpegurl'],
      ['dash', 'application/dash+xml'],
    ]) {
      const [manifest] = byRole(role ?? '')
      const response = await fetch(`${sluice.url}${manifest?.url}`, {
        headers: { authorization: `Bearer ${sluice.token}` },
      })
      expect(response.headers.get('content-type')).toContain(type)
    }
    expect((await fetch(`${sluice.url}${byRole('hls')[0]?.url}`)).status).toBe(401)
  })

  it.each(databaseName === 'SQLite' ? ['film.mkv'] : [])(
    'makes a stream of all sounds of %s that can be heard, and says which cannot',
    async (name) => {
      const { ffmpeg } = sluice.config.tools
      const tone = (hertz: number): string[] => ['-f', 'lavfi', '-i', `sine=frequency=${hertz}:duration=2`]
      const languages = ['eng', 'fra', 'deu'].flatMap((each, index) => [`-metadata:s:a:${index}`, `language=${each}`])
      const maps = ['0', '1', '2', '3'].flatMap((input) => ['-map', input])
      const picture = ['-f', 'lavfi', '-i', 'testsrc2=size=320x240:rate=25:duration=2']
      const codecs = ['-c:v', 'libx264', '-preset', 'ultrafast', '-pix_fmt', 'yuv420p', '-c:a', 'flac']
      const whole = join(sluice.config.dataDir, 'whole.mkv')
      const inputs = [...picture, ...tone(440), ...tone(660), ...tone(880)]
      await exec(ffmpeg, ['-v', 'error', ...inputs, ...maps, ...codecs, ...languages, whole])
      // Of the third nothing is left to decode.
      const spoil = ['-map', '0', '-c', 'copy', '-bsf:a:2', 'noise=amount=1']
      await exec(ffmpeg, ['-v', 'error', '-i', whole, ...spoil, join(sluice.config.importDir, name)])
      const job = await sluice.run({ file: name, preset: 'stream' })
      expect(job).toMatchObject({ state: 'succeeded', percent: 100, error: null })
      const { media, path, probed } = await mainFile(job)
      expect(codecsOf(probed)).toEqual(['aac', 'aac', 'h264'])
      expect((await readFile(path, 'utf8')).match(/LANGUAGE="\w+",NAME="\w+",DEFAULT=\w+/g)).toEqual([
        'LANGUAGE="en",NAME="English",DEFAULT=YES',
        'LANGUAGE="fr",NAME="French",DEFAULT=NO',
      ])
      const manifest = media.files.find(({ role }) => role === 'manifest')
      const answer = await fetch(`${sluice.url}${manifest?.url}`, {
        headers: { authorization: `Bearer ${sluice.token}` },
      })
      const { decisions } = (await answer.json()) as { decisions: string[] }
      expect(decisions.join(' ')).toMatch(/German: The sound is left out, as it could not be encoded/)
      expect(media.probe?.streams.map(({ language }) => language)).toEqual([null, 'eng', 'fra', 'deu'])
    },
  )

  it('answers the second submission with the first job, unless forced', async () => {
    const body = { url: origin.urlOf('/page'), preset: 'original' }
    const first = await sluice.run(body)
    const second = await sluice.call<Job & { deduplicated: boolean }>('POST', '/jobs', body)
    expect(second).toMatchObject({ status: 200, body: { id: first.id, deduplicated: true } })
    const forced = await sluice.run({ ...body, force: true })
    expect(forced.id).not.toBe(first.id)
    const [one, two] = await Promise.all([sluice.media(first), sluice.media(forced)])
    expect(two.libraryPath).not.toBe(one.libraryPath)
  })

  it('finds media that are already there only after resolving', async () => {
    const body = { url: origin.urlOf('/clip.mp4'), preset: 'audio' }
    const first = await sluice.run(body)
    // Another limit is another request, but the same outcome.
    const again = await sluice.run({ ...body, options: { maxSizeBytes: 1_000_000_000 } })
    expect(again).toMatchObject({ state: 'succeeded', result: { mediaIds: first.result?.mediaIds, reused: true } })
    expect(again.steps.filter((step) => step.state === 'skipped')).toHaveLength(7)
  })

  it('says what is at an address, the second time from its cache', async () => {
    const first = await sluice.info(origin.urlOf('/page'))
    expect(first).toMatchObject({ status: 200, body: { title: 'A page with a video', cached: false, live: false } })
    const requests = origin.seen.length
    expect(await sluice.info(origin.urlOf('/page'))).toMatchObject({ status: 200, body: { cached: true } })
    expect(origin.seen).toHaveLength(requests)
  })

  it('cancels a download and leaves nothing behind', async () => {
    const job = await sluice.submit({ url: origin.urlOf('/endless.mp4') })
    await sluice.seen(job.id, progressOf('download'))
    const answer = await sluice.call<Job>('POST', `/jobs/${job.id}/cancel`)
    expect(answer).toMatchObject({ status: 202, body: { cancelRequested: true } })
    const ended = await sluice.ended(job.id)
    expect(ended).toMatchObject({ state: 'cancelled', error: null, result: null })
    expect(ended.steps[1]).toMatchObject({ name: 'download', state: 'cancelled' })
    expect(await readdir(join(sluice.config.dataDir, 'work'))).not.toContain(job.id)
    expect(await readdir(join(sluice.config.dataDir, 'scratch'))).toEqual([])
    expect(await sluice.call<{ code: string }>('POST', `/jobs/${job.id}/cancel`)).toMatchObject({ status: 409 })
  })

  it('retries a failed job under its own id, and forgets it on request', async () => {
    origin.on('/late.mp4', inTurn(status(404), file(join(sluice.config.dataDir, 'origin', 'clip.mp4'))))
    const failed = await sluice.run({ url: origin.urlOf('/late.mp4') })
    expect(failed).toMatchObject({ state: 'failed', run: 1, error: { code: 'SourceNotFound', step: 'resolve' } })
    expect(await sluice.call<Job>('POST', `/jobs/${failed.id}/retry`)).toMatchObject({ status: 202 })
    const ended = await sluice.ended(failed.id)
    expect(ended).toMatchObject({ id: failed.id, state: 'succeeded', run: 2, error: null })
    expect((await sluice.call('DELETE', `/jobs/${failed.id}`)).status).toBe(204)
    expect((await sluice.call('GET', `/jobs/${failed.id}`)).status).toBe(404)
    expect((await sluice.media(ended)).id).toBe(ended.result?.mediaIds[0])
  })

  it('shows a progress that only grows', async () => {
    const job = await sluice.submit({ url: origin.urlOf('/clip.mp4'), preset: 'stream', force: true })
    const percents: number[] = []
    await sluice.seen(job.id, (message) => {
      if (message.type === 'progress' && message.jobPercent !== null) percents.push(message.jobPercent)
      return inState('succeeded')(message)
    })
    expect(percents.length).toBeGreaterThan(3)
    expect(percents).toEqual(percents.toSorted((a, b) => a - b))
  })

  it('can be understood in the Temporal Web UI', async () => {
    const job = await sluice.run({ url: origin.urlOf('/clip.mp4'), preset: 'stream', options: { maxHeight: 240 } })
    const { client, close } = await sluice.temporal()
    try {
      const workflowId = workflowIdOf('ingest', job.id, 1)
      expect(job.links.temporal).toContain(workflowId)
      const handle = client.workflow.getHandle(workflowId)
      const description = await handle.describe()
      expect(description.taskQueue).toBe(TASK_QUEUES.control)
      expect(description.searchAttributes).toMatchObject({ SluiceKind: ['ingest'], SluiceOwner: [job.owner] })
      expect(await description.staticSummary()).toContain('/clip.mp4')
      const { events } = await handle.fetchHistory()
      const scheduled = (events ?? []).filter((event) => event.activityTaskScheduledEventAttributes)
      expect(scheduled.length).toBeGreaterThan(7)
      for (const event of scheduled) expect(event.userMetadata?.summary?.data?.length).toBeGreaterThan(2)
      // Neither signed addresses nor cookies: what yt-dlp said stays in a file.
      expect(JSON.stringify(events)).not.toContain('http_headers')
    } finally {
      await close()
    }
  })
})
