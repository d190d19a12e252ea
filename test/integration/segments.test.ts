import { randomBytes } from 'node:crypto'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createEgress, type Egress } from '../../tools/egress-guard.ts'
import { DoubtfulFailure } from '../../tools/http-failures.ts'
import { fetchDirect, type DirectFile } from '../../tools/http-fetch.ts'
import type { FormatProgress } from '../../tools/ytdlp-progress.ts'
import { file, folder, text, type FileBehaviour } from './origin-answers.ts'
import { makeClip, makeDash, makeHls } from './make-media.ts'
import { createSourceLine, quietEnvironment } from './source-line.ts'

let line: Awaited<ReturnType<typeof createSourceLine>>
let egress: Egress
beforeAll(async () => {
  line = await createSourceLine()
  egress = await createEgress(line.config, { warn: () => {} })
})
afterAll(async () => {
  await egress.close()
  await line.close()
})

const COUNT = 12
const SIZE = 50_000
const SLOWLY = { bytesPerSecond: 200_000 }
const M3U8 = 'application/vnd.apple.mpegurl'

const playlistOf = (names: readonly string[], head = ''): string =>
  [
    '#EXTM3U',
    '#EXT-X-TARGETDURATION:2',
    head,
    ...names.flatMap((name) => ['#EXTINF:2,', name]),
    '#EXT-X-ENDLIST',
    '',
  ].join('\n')

/** A playlist and its segments under a path of their own, each a few bytes longer than the one before. */
const serve = async (path: string, { etag = 'first', ...behaviour }: FileBehaviour = {}) => {
  const names = Array.from({ length: COUNT }, (_, index) => `${index}.ts`)
  const bytes = names.map((_, index) => randomBytes(SIZE + index))
  await Promise.all(
    names.map(async (name, index) => {
      const source = join(line.config.dataDir, `${path.slice(1)}-${etag}-${name}`)
      await writeFile(source, bytes[index] ?? '')
      line.origin.on(`${path}/${name}`, file(source, { ...behaviour, etag: `"${etag}-${index}"` }))
    }),
  )
  line.origin.on(`${path}/index.m3u8`, text(playlistOf(names), M3U8))
  return Buffer.concat(bytes)
}

const hls = (path: string): DirectFile => ({
  at: { playlist: line.origin.urlOf(`${path}/index.m3u8`) },
  ext: 'ts',
  headers: {},
})

/** Fetches it into the folder of that name; `stopAt`: gives up once so many bytes are there. */
const fetchInto = async (name: string, source: DirectFile, stopAt = Infinity) => {
  const readings: FormatProgress[] = []
  const stopping = new AbortController()
  const context = { egress, silenceMs: 20_000, signal: stopping.signal }
  const dir = join(line.config.dataDir, name)
  const [fetched] = await fetchDirect(context, dir, [source], (reading) => {
    readings.push(reading)
    if (reading.doneBytes >= stopAt) stopping.abort(new Error('stopped'))
  })
  if (!fetched) throw new Error('nothing was fetched')
  return { bytes: await readFile(fetched.path), readings, dir, left: await readdir(dir) }
}
const requestsOf = (path: string, from = 0) => line.origin.seen.slice(from).filter((seen) => seen.path.startsWith(path))

describe('segments', () => {
  it('are joined in order, a few asked for at once, and nothing else is left', async () => {
    const whole = await serve('/plain')
    const { bytes, readings, left } = await fetchInto('plain', hls('/plain'))
    expect(Buffer.compare(bytes, whole)).toBe(0)
    expect(requestsOf('/plain')).toHaveLength(1 + COUNT)
    expect(left.toSorted()).toEqual(['part0.ts', 'part0.ts.joined.json'])
    expect(readings.at(-1)).toMatchObject({ doneBytes: whole.length, totalBytes: whole.length, finished: true })
    const sizes = readings.map(({ doneBytes }) => doneBytes)
    expect(sizes).toEqual(sizes.toSorted((a, b) => a - b))
  })

  it('that were joined before are not asked for again, but for a word on the last of them', async () => {
    const whole = await serve('/again', SLOWLY)
    await expect(fetchInto('again', hls('/again'), 6 * SIZE)).rejects.toThrow('stopped')
    const before = line.origin.seen.length
    const { bytes } = await fetchInto('again', hls('/again'))
    expect(Buffer.compare(bytes, whole)).toBe(0)
    const asked = requestsOf('/again', before)
    expect(asked.filter(({ range }) => range === 'bytes=0-0')).toHaveLength(1)
    expect(asked.map(({ path }) => path)).not.toContain('/again/0.ts')
    expect(asked.length).toBeLessThan(COUNT)
  })

  it('are all fetched anew where the origin has others by now', async () => {
    await serve('/changed', { etag: 'old', ...SLOWLY })
    await expect(fetchInto('changed', hls('/changed'), 6 * SIZE)).rejects.toThrow('stopped')
    const whole = await serve('/changed', { etag: 'new' })
    const { bytes } = await fetchInto('changed', hls('/changed'))
    expect(Buffer.compare(bytes, whole)).toBe(0)
  })

  it('fail as the first that cannot be had', async () => {
    await serve('/holes')
    line.origin.on('/holes/7.ts', (_, response) => void response.writeHead(404).end())
    await expect(fetchInto('holes', hls('/holes'))).rejects.toMatchObject({ code: 'SourceNotFound' })
  })

  it.each([
    ['has keys', '#EXT-X-KEY:METHOD=AES-128,URI="key"'],
    ['is of pieces of files', '#EXT-X-BYTERANGE:1000@0'],
    ['breaks off and begins anew', '#EXT-X-DISCONTINUITY'],
    ['has no address of the web', 'file:///etc/passwd'],
  ])('of a playlist that %s are left to yt-dlp', async (_, head) => {
    line.origin.on('/odd/index.m3u8', text(playlistOf(['0.ts'], head), M3U8))
    await expect(fetchInto('odd', hls('/odd'))).rejects.toBeInstanceOf(DoubtfulFailure)
  })
})

describe('a download in segments', () => {
  it.each([
    ['MPEG-TS', [], 'hls'],
    ['fragmented MP4', ['-hls_segment_type', 'fmp4'], 'hls-fmp4'],
    ['DASH', [], 'dash'],
  ])('of %s goes on where an attempt ended that was cancelled', async (kind, options, name) => {
    const media = join(line.config.dataDir, 'made', name)
    const { ffmpeg } = line.config.tools
    const clip = { seconds: 12 }
    if (kind === 'DASH') await makeDash(ffmpeg, media, clip)
    else if (options.length === 0) await makeHls(ffmpeg, media, clip)
    else {
      const hlsOptions = ['-f', 'hls', '-hls_time', '2', '-hls_playlist_type', 'vod', ...options]
      await makeClip(ffmpeg, join(media, 'index.m3u8'), { ...clip, options: hlsOptions })
    }
    await folder(line.origin, `/${name}`, media, { bytesPerSecond: 20_000 })
    const index = kind === 'DASH' ? 'index.mpd' : 'index.m3u8'
    line.origin.on(`/${name}/${index}`, file(join(media, index)))
    const ask = { url: line.origin.urlOf(`/${name}/${index}`), jobId: name }
    const resolved = await line.resolve(ask)

    const environment = quietEnvironment()
    const first = line.download(ask, resolved, environment)
    const isAtWork = () => line.samples.filter(({ jobId, done }) => jobId === name && done > 40_000).length > 0
    while (!isAtWork()) await Promise.race([first, new Promise((resolve) => setTimeout(resolve, 10))])
    environment.cancel()
    await expect(first).rejects.toThrow('cancelled')
    const firstSegment = line.origin.seen
      .map(({ path }) => path)
      .find((path) => /(0\.(ts|m4s)|-00001\.m4s)$/.test(path))
    await folder(line.origin, `/${name}`, media)
    const before = line.origin.seen.length
    const { file: whole } = await line.download(ask, resolved)
    expect(requestsOf(`/${name}`, before).map(({ path }) => path)).not.toContain(firstSegment)

    const { path: atOnce } = await line.fetch({ url: ask.url, jobId: `${name}-at-once` })
    const [bytes, expected] = await Promise.all([readFile(await line.store.read(whole.key)), readFile(atOnce)])
    expect(Buffer.compare(bytes, expected)).toBe(0)
  })
})
