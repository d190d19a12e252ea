import { execFile } from 'node:child_process'
import { mkdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { CancelledFailure } from '@temporalio/common'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { ProgressSample } from '../../contract/progress.ts'
import { makeClip, makeDash, makeHls } from './make-media.ts'
import { file, folder, inTurn, redirect, status, text } from './origin-answers.ts'
import { createSourceLine, failureOf, quietEnvironment } from './source-line.ts'

const run = promisify(execFile)
let line: Awaited<ReturnType<typeof createSourceLine>>
let clip: string
let clipBytes: Buffer

beforeAll(async () => {
  line = await createSourceLine()
  const { ffmpeg } = line.config.tools
  const media = join(line.config.dataDir, 'media')
  clip = await makeClip(ffmpeg, join(media, 'clip.mp4'))
  clipBytes = await readFile(clip)
  line.origin.on('/clip.mp4', file(clip))
  await folder(line.origin, '/hls', await makeHls(ffmpeg, join(media, 'hls'), { seconds: 4 }))
  const dash = await makeDash(ffmpeg, join(media, 'dash'), { seconds: 4 })
  const manifest = await readFile(join(dash, 'index.mpd'), 'utf8')
  await writeFile(join(dash, 'deu.mpd'), manifest.replace('contentType="audio"', 'contentType="audio" lang="deu"'))
  await folder(line.origin, '/dash', dash)
})
afterAll(() => line.close())

const streamsOf = async (path: string): Promise<string[]> => {
  const args = ['-v', 'error', '-show_entries', 'stream=codec_type', '-of', 'csv=p=0', path]
  const { stdout } = await run(line.config.tools.ffprobe, args)
  return stdout.trim().split('\n').toSorted()
}

const samplesOf = (jobId: string): ProgressSample[] => line.samples.filter((sample) => sample.jobId === jobId)

describe('download', { concurrent: true }, () => {
  it('brings a direct file byte for byte, with progress', async () => {
    const { path, downloaded } = await line.fetch({ url: line.origin.urlOf('/clip.mp4'), jobId: 'direct' })
    expect(Buffer.compare(await readFile(path), clipBytes)).toBe(0)
    expect(downloaded).toEqual({ file: { key: 'direct/source.mp4', sizeBytes: clipBytes.length }, extension: 'mp4' })
    expect(samplesOf('direct').at(-1)).toMatchObject({
      step: 'download',
      unit: 'bytes',
      percent: 100,
      done: clipBytes.length,
      total: clipBytes.length,
    })
  })

  it('takes what an earlier run brought only where the origin says that it is still the same', async () => {
    const other = await makeClip(line.config.tools.ffmpeg, join(line.config.dataDir, 'other.mp4'), { seconds: 1 })
    const url = line.origin.urlOf('/again.mp4')
    const requests = () => line.origin.seen.filter(({ path }) => path === '/again.mp4').length
    const fetch = async (run: number): Promise<Buffer> => {
      const { path } = await line.fetch({ url, jobId: 'again', run })
      return readFile(path)
    }
    line.origin.on('/again.mp4', file(clip))
    await fetch(1)
    expect(requests()).toBe(2)
    // Asked by resolve alone.
    expect((await fetch(2)).equals(clipBytes)).toBe(true)
    expect(requests()).toBe(3)
    line.origin.on('/again.mp4', file(other))
    expect((await fetch(3)).equals(await readFile(other))).toBe(true)
    // Of the same size, and nothing vouches for the rest.
    line.origin.on('/again.mp4', file(other, { plain: true }))
    expect((await fetch(4)).equals(await readFile(other))).toBe(true)
    expect(requests()).toBe(7)
    line.origin.on('/again.mp4', status(500))
    expect((await fetch(4)).equals(await readFile(other))).toBe(true)
    expect(requests()).toBe(7)
  })

  it('follows a redirect', async () => {
    line.origin.on('/moved.mp4', redirect('/clip.mp4'))
    const { downloaded } = await line.fetch({ url: line.origin.urlOf('/moved.mp4') })
    expect(downloaded.file.sizeBytes).toBe(clipBytes.length)
  })

  it('joins the segments of HLS', async () => {
    const { path, downloaded } = await line.fetch({ url: line.origin.urlOf('/hls/index.m3u8') })
    expect(downloaded.extension).toBe('ts')
    expect(await streamsOf(path)).toEqual(expect.arrayContaining(['audio', 'video']))
  })

  it('joins picture and sound of DASH, as one percent that never steps back', async () => {
    const { path } = await line.fetch({ url: line.origin.urlOf('/dash/index.mpd'), jobId: 'dash' })
    expect(await streamsOf(path)).toEqual(['audio', 'video'])
    const percents = samplesOf('dash').flatMap(({ percent }) => (percent === null ? [] : [percent]))
    expect(percents).toEqual(percents.toSorted((a, b) => a - b))
    expect(percents.at(-1)).toBe(100)
  })

  it('keeps the language that a manifest gives its sound', async () => {
    const { path } = await line.fetch({ url: line.origin.urlOf('/dash/deu.mpd') })
    const args = [
      '-v',
      'error',
      '-select_streams',
      'a',
      '-show_entries',
      'stream_tags=language',
      '-of',
      'csv=p=0',
      path,
    ]
    expect((await run(line.config.tools.ffprobe, args)).stdout.trim()).toBe('deu')
  })

  it('takes the sound alone where only that is wanted', async () => {
    const { path } = await line.fetch({ url: line.origin.urlOf('/dash/index.mpd'), preset: 'audio' })
    expect(await streamsOf(path)).toEqual(['audio'])
  })

  it('takes a file of unknown size, without inventing a percent', async () => {
    line.origin.on('/unsized.mp4', file(clip, { unsized: true, bytesPerSecond: 200_000 }))
    const { downloaded } = await line.fetch({ url: line.origin.urlOf('/unsized.mp4'), jobId: 'unsized' })
    expect(downloaded.file.sizeBytes).toBe(clipBytes.length)
    expect(samplesOf('unsized')[0]?.percent).toBeNull()
  })

  it('finds what an earlier attempt finished', async () => {
    const ask = { url: line.origin.urlOf('/once.mp4'), jobId: 'twice' }
    line.origin.on('/once.mp4', file(clip))
    const { resolved, downloaded } = await line.fetch(ask)
    line.origin.on('/once.mp4', status(500))
    expect(await line.download(ask, resolved)).toEqual(downloaded)
  })

  it('keeps a text file named .mp4, which is for the probe to judge', async () => {
    line.origin.on('/text.mp4', text('this is no video', 'video/mp4'))
    const { downloaded } = await line.fetch({ url: line.origin.urlOf('/text.mp4') })
    expect(downloaded.file.sizeBytes).toBe(16)
  })
})

describe('download of what breaks', { concurrent: true }, () => {
  it.each([
    ['cut off half-way', { cutAfterBytes: 20_000 }, /broke the download off/],
    ['shorter than its Content-Length', { claimedBytes: 9_999_999 }, /broke the download off/],
    ['cut off without a length', { cutAfterBytes: 20_000, unsized: true }, /broke the download off/],
  ])('a body %s', async (what, behaviour, sentence) => {
    const path = `/${what.replaceAll(/\W/g, '-')}.mp4`
    line.origin.on(path, file(clip, behaviour))
    const failure = await failureOf(line.fetch({ url: line.origin.urlOf(path) }))
    expect(failure).toMatchObject({ code: 'SourceUnavailable', message: expect.stringMatching(sentence) })
  })

  it('an empty file', async () => {
    line.origin.on('/empty.mp4', text('', 'video/mp4'))
    const failure = await failureOf(line.fetch({ url: line.origin.urlOf('/empty.mp4') }))
    expect(failure).toMatchObject({ code: 'UnsupportedMedia', message: 'The file at this address is empty.' })
  })

  it('a segment that is not there', async () => {
    line.origin.on('/holes/index.m3u8', file(join(line.config.dataDir, 'media/hls/index.m3u8')))
    line.origin.on('/holes/index0.ts', file(join(line.config.dataDir, 'media/hls/index0.ts')))
    const failure = await failureOf(line.fetch({ url: line.origin.urlOf('/holes/index.m3u8') }))
    expect(failure.code).toBe('SourceNotFound')
  })

  it('a segment that is a file of this machine', async () => {
    const playlist = '#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\nfile:///etc/passwd\n#EXT-X-ENDLIST\n'
    line.origin.on('/local-segment.m3u8', text(playlist, 'application/vnd.apple.mpegurl'))
    const failure = await failureOf(line.fetch({ url: line.origin.urlOf('/local-segment.m3u8') }))
    expect(failure).toMatchObject({
      code: 'UnsupportedMedia',
      message: '127.0.0.1 leads to an address that is not on the web: it does not begin with http:// or https://.',
    })
  })

  it('an address that is forbidden by the time it is fetched: the site is asked again first', async () => {
    const ask = { url: line.origin.urlOf('/signed.mp4'), jobId: 'signed' }
    line.origin.on('/signed.mp4', file(clip))
    const resolved = await line.resolve(ask)
    const kept = await line.store.read('signed/resolved.json')
    const aged = { ...JSON.parse(await readFile(kept, 'utf8')), extractedAt: Date.now() - 120_000 }
    await writeFile(kept, JSON.stringify(aged))
    line.origin.on('/signed.mp4', inTurn(status(403), file(clip)))
    expect((await line.download(ask, resolved)).file.sizeBytes).toBe(clipBytes.length)
  })

  it('429, with the wait that the site asks for', async () => {
    line.origin.on('/busy.mp4', file(clip))
    const ask = { url: line.origin.urlOf('/busy.mp4'), jobId: 'busy' }
    const resolved = await line.resolve(ask)
    line.origin.on('/busy.mp4', status(429, { 'retry-after': '12' }))
    const failure = await failureOf(line.download(ask, resolved))
    expect(failure).toMatchObject({ code: 'SourceThrottled', details: { retryAfterMs: 12_000 } })
  })

  it('a file above the size limit, before it is all there', async () => {
    line.origin.on('/large.mp4', file(clip, { bytesPerSecond: 100_000 }))
    line.origin.on('/large-unsized.mp4', file(clip, { bytesPerSecond: 100_000, unsized: true }))
    for (const path of ['/large.mp4', '/large-unsized.mp4']) {
      const ask = { url: line.origin.urlOf(path), options: { maxSizeBytes: 50_000 } }
      expect(await failureOf(line.fetch(ask))).toMatchObject({ code: 'LimitExceeded' })
    }
  })

  it('cancelling ends it, and nothing is left', async () => {
    const ask = { url: line.origin.urlOf('/slow.mp4'), jobId: 'cancelled' }
    line.origin.on('/slow.mp4', file(clip, { bytesPerSecond: 20_000 }))
    const resolved = await line.resolve(ask)
    const environment = quietEnvironment()
    const started = new Promise<void>((resolve) =>
      environment.on('heartbeat', (details: { progress: ProgressSample | null }) => {
        if (details.progress !== null) resolve()
      }),
    )
    const download = line.download(ask, resolved, environment)
    await Promise.race([started, download])
    environment.cancel()
    await expect(download).rejects.toBeInstanceOf(CancelledFailure)
    expect(await line.store.find('cancelled/source.mp4')).toBeNull()
  })
})

describe('download of files', () => {
  it('hands the file over and leaves it where it was', async () => {
    await mkdir(line.config.importDir, { recursive: true })
    const own = join(line.config.importDir, 'own.mp4')
    await writeFile(own, clipBytes)
    const { path, downloaded } = await line.fetch({ file: 'own.mp4', jobId: 'own' })
    expect(downloaded.extension).toBe('mp4')
    expect(Buffer.compare(await readFile(path), clipBytes)).toBe(0)
    expect((await stat(own)).size).toBe(clipBytes.length)
    expect(samplesOf('own').at(-1)).toMatchObject({ percent: 100, done: clipBytes.length })
  })

  it('refuses an empty file, one above the limit, and one that changed meanwhile', async () => {
    await mkdir(line.config.importDir, { recursive: true })
    await writeFile(join(line.config.importDir, 'none.mp4'), '')
    await writeFile(join(line.config.importDir, 'big.mp4'), clipBytes)
    await writeFile(join(line.config.importDir, 'growing.mp4'), 'first')
    expect(await failureOf(line.fetch({ file: 'none.mp4' }))).toMatchObject({ code: 'UnsupportedMedia' })
    const limited = { file: 'big.mp4', options: { maxSizeBytes: 1_000 } }
    expect(await failureOf(line.fetch(limited))).toMatchObject({ code: 'LimitExceeded' })
    const resolved = await line.resolve({ file: 'growing.mp4' })
    await writeFile(join(line.config.importDir, 'growing.mp4'), 'first and second')
    const failure = await failureOf(line.download({ file: 'growing.mp4' }, resolved))
    expect(failure).toMatchObject({ code: 'SourceUnavailable', message: expect.stringContaining('changed') })
  })
})

it('leaves nothing behind', async () => {
  expect(await line.scratchLeft()).toEqual([])
})
