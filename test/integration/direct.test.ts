import { randomBytes } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { CancelledFailure } from '@temporalio/common'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { resolvedOf } from '../../activities/resolved-info.ts'
import type { ProgressSample } from '../../contract/progress.ts'
import { createEgress } from '../../tools/egress-guard.ts'
import { extractInfo } from '../../tools/ytdlp.ts'
import { file, inTurn, redirect, status, text, type FileBehaviour } from './origin-answers.ts'
import { createSourceLine, failureOf, quietEnvironment } from './source-line.ts'

/** Files of media are fetched from their origins; no yt-dlp is there in most of these tests. */

let line: Awaited<ReturnType<typeof createSourceLine>>
let whole: Awaited<ReturnType<typeof createSourceLine>>
let media: string
let bytes: Buffer

const MIB = 1024 ** 2

beforeAll(async () => {
  line = await createSourceLine({ SLUICE_YTDLP: '/nowhere/yt-dlp', SLUICE_STALL_MS: '1000' })
  whole = await createSourceLine()
  media = join(line.config.dataDir, 'media.mp4')
  bytes = randomBytes(3 * MIB)
  await writeFile(media, bytes)
})
afterAll(async () => {
  await line.close()
  await whole.close()
})

let files = 0
/** A file of a path of its own, that answers so, one request after the other. */
const serve = (...behaviours: [FileBehaviour, ...FileBehaviour[]]): string => {
  const path = `/file-${(files += 1)}.mp4`
  const [first, ...others] = behaviours.map((behaviour) => file(media, behaviour))
  line.origin.on(path, inTurn(first ?? file(media), ...others))
  return path
}
const requestsOf = (path: string) => line.origin.seen.filter((request) => request.path === path)
const fetch = async (path: string, jobId?: string): Promise<Buffer> => {
  const { path: kept } = await line.fetch({ url: line.origin.urlOf(path), ...(jobId ? { jobId } : {}) })
  return readFile(kept)
}

describe('a file of media', { concurrent: true }, () => {
  it('comes byte for byte without yt-dlp, by one question and one download', async () => {
    const path = serve({})
    expect(Buffer.compare(await fetch(path, 'plain'), bytes)).toBe(0)
    expect(requestsOf(path)).toHaveLength(2)
    const kept = JSON.parse(await readFile(await line.store.read('plain/resolved.json'), 'utf8'))
    expect(kept.representation).toMatchObject({
      sizeBytes: bytes.length,
      validator: `"${bytes.length}"`,
      acceptsRanges: true,
    })
  })

  it('tells its progress in bytes, with rate and time left', async () => {
    const path = serve({}, { bytesPerSecond: 4 * MIB })
    await fetch(path, 'readings')
    const samples = line.samples.filter(({ jobId, step }) => jobId === 'readings' && step === 'download')
    const middle = samples.find(({ percent }) => percent !== null && percent > 20 && percent < 90)
    expect(middle).toMatchObject({ unit: 'bytes', total: bytes.length })
    expect(middle?.rate).toBeGreaterThan(MIB)
    expect(middle?.etaMs).toBeGreaterThan(0)
    expect(samples.at(-1)).toMatchObject({ percent: 100, done: bytes.length })
  })

  it('is known before it is fetched to be too large', async () => {
    const path = serve({})
    const ask = { url: line.origin.urlOf(path), options: { maxSizeBytes: MIB } }
    expect(await failureOf(line.fetch(ask))).toMatchObject({ code: 'LimitExceeded' })
    expect(requestsOf(path)).toHaveLength(1)
  })

  it('of unknown size is stopped where it becomes too large', async () => {
    const path = serve({ unsized: true }, { unsized: true, bytesPerSecond: 2 * MIB })
    const ask = { url: line.origin.urlOf(path), options: { maxSizeBytes: MIB } }
    expect(await failureOf(line.fetch(ask))).toMatchObject({ code: 'LimitExceeded' })
  })

  it('is looked at where its type says nothing', async () => {
    const path = serve({ contentType: 'application/octet-stream' })
    expect((await fetch(path)).length).toBe(bytes.length)
    line.origin.on('/page.mp4', text('  <!doctype html><video src=x>', 'application/octet-stream'))
    const failure = await failureOf(line.resolve({ url: line.origin.urlOf('/page.mp4') }))
    // As little as ToolMissing says: yt-dlp was asked.
    expect(failure.code).toBe('ToolMissing')
  })

  it.each([
    ['a page', text('<html>', 'text/html')],
    ['an HLS playlist', text('#EXTM3U', 'audio/x-mpegurl')],
    ['a DASH manifest', text('<MPD/>', 'application/dash+xml')],
    ['a site that forbids', status(403)],
    ['a cookie on the way', status(302, { location: '/file-1.mp4', 'set-cookie': 'a=b' })],
    ['redirects without an end', redirect('/odd-redirects-without-an-end.mp4')],
    ['a compressed answer', file(join('/dev/null'), { headers: { 'content-encoding': 'gzip' } })],
  ])('is left to yt-dlp where it is %s', async (what, answer) => {
    const path = `/odd-${what.replaceAll(' ', '-')}.mp4`
    line.origin.on(path, answer)
    expect(await failureOf(line.resolve({ url: line.origin.urlOf(path) }))).toMatchObject({ code: 'ToolMissing' })
  })

  it('at a site that yt-dlp knows is left to it', async () => {
    const failure = await failureOf(line.resolve({ url: 'https://i.imgur.com/crGpqCV.mp4' }))
    expect(failure.code).toBe('ToolMissing')
  })

  it.each([
    ['http://127.0.0.1:1/a.mp4', 'BlockedAddress', 'The address leads to 127.0.0.1, which is in a private network.'],
    ['http://[::1]/a.mp4', 'BlockedAddress', 'The address leads to ::1, which is in a private network.'],
    ['https://nothing.invalid/a.mp4', 'SourceNotFound', 'There is no host named nothing.invalid.'],
  ])('at %s is refused at once', async (url, code, message) => {
    expect(await failureOf(line.resolve({ url }))).toMatchObject({ code, message })
  })

  it('behind a redirect into a private network is refused, by a download too', async () => {
    line.origin.on('/away.mp4', redirect('http://10.1.2.3/a.mp4'))
    const url = line.origin.urlOf('/away.mp4')
    expect(await failureOf(line.resolve({ url }))).toMatchObject({ code: 'BlockedAddress' })
    const path = serve({})
    const ask = { url: line.origin.urlOf(path), jobId: 'moved-away' }
    const resolved = await line.resolve(ask)
    line.origin.on(path, redirect('http://10.1.2.3/a.mp4'))
    expect(await failureOf(line.download(ask, resolved))).toMatchObject({
      code: 'BlockedAddress',
      message: expect.stringContaining('10.1.2.3'),
    })
  })

  it.each([
    [404, {}, 'SourceNotFound', null],
    [410, {}, 'SourceNotFound', null],
    [429, { 'retry-after': '7' }, 'SourceThrottled', 7_000],
    [503, { 'retry-after': '9' }, 'SourceUnavailable', 9_000],
  ])('HTTP %i ends resolve and download', async (code, headers, failure, retryAfterMs) => {
    const expected = { code: failure, message: expect.stringContaining(`(HTTP ${code}).`) }
    const path = serve({})
    const ask = { url: line.origin.urlOf(path), jobId: `status-${code}` }
    const resolved = await line.resolve(ask)
    line.origin.on(path, status(code, headers))
    for (const step of [() => line.download(ask, resolved), () => line.resolve({ url: ask.url })]) {
      const seen = await failureOf(step())
      expect(seen).toMatchObject(expected)
      expect(seen.details.retryAfterMs ?? null).toBe(retryAfterMs)
    }
  })

  it('may be 500 twice, and is then there', async () => {
    const path = serve({})
    line.origin.on(path, inTurn(status(500), status(500), file(media)))
    const url = line.origin.urlOf(path)
    for (const _ of [1, 2]) expect(await failureOf(line.resolve({ url }))).toMatchObject({ code: 'SourceUnavailable' })
    expect(await fetch(path)).toHaveLength(bytes.length)
  })
})

describe('a connection that breaks', { concurrent: true }, () => {
  it('is continued where it broke, if the file is still the same', async () => {
    const path = serve({}, { cutAfterBytes: MIB }, {})
    expect(Buffer.compare(await fetch(path), bytes)).toBe(0)
    const [, , last, ...more] = requestsOf(path)
    expect(more).toEqual([])
    expect(last).toMatchObject({ range: expect.stringMatching(/^bytes=\d{4,}-$/), ifRange: `"${bytes.length}"` })
  })

  it('is outlived through an origin that has to recover', async () => {
    const path = serve({})
    const breaking = file(media, { cutAfterBytes: MIB })
    line.origin.on(path, inTurn(file(media), breaking, status(502), status(502), file(media)))
    expect(Buffer.compare(await fetch(path), bytes)).toBe(0)
  })

  it('is taken up anew where the file has changed', async () => {
    const other = join(line.config.dataDir, 'changed.mp4')
    const changed = randomBytes(bytes.length)
    await writeFile(other, changed)
    for (const [path, ignoresIfRange] of [
      ['/changed.mp4', false],
      ['/changed-and-careless.mp4', true],
    ] as const) {
      const careless = file(other, { etag: '"new"' })
      line.origin.on(
        path,
        inTurn(
          file(media, { etag: '"old"' }),
          file(media, { etag: '"old"', cutAfterBytes: MIB }),
          (request, response) => {
            if (ignoresIfRange) delete request.headers['if-range']
            return careless(request, response)
          },
        ),
      )
      expect([path, Buffer.compare(await fetch(path), changed)]).toEqual([path, 0])
    }
  })

  it('is taken up anew where nothing vouches for the file', async () => {
    const path = serve({ plain: true }, { plain: true, cutAfterBytes: MIB }, { plain: true })
    expect(Buffer.compare(await fetch(path), bytes)).toBe(0)
    expect(requestsOf(path).map(({ range }) => range)).toEqual([null, null, null])
  })

  it.each([
    ['shorter than announced', { claimedBytes: 9_999_999 }, `${3 * MIB} of 9999999 bytes came`],
    ['that always breaks', { plain: true, cutAfterBytes: 20_000 }, `20000 of ${3 * MIB} bytes came`],
    ['that always breaks, of unknown size', { plain: true, unsized: true, cutAfterBytes: 20_000 }, '20000 bytes came'],
  ])('a body %s', async (_what, behaviour, words) => {
    const path = serve(behaviour)
    const ask = { url: line.origin.urlOf(path) }
    expect(await failureOf(line.fetch(ask))).toMatchObject({
      code: 'SourceUnavailable',
      message: `127.0.0.1 broke the download off: ${words}.`,
    })
  })

  it('by silence is continued, and given up where it stays silent', async () => {
    const silent = { cutAfterBytes: 100_000, stalls: true } as const
    expect(Buffer.compare(await fetch(serve({}, silent, {})), bytes)).toBe(0)
    const failure = await failureOf(fetch(serve({}, silent)))
    expect(failure).toMatchObject({ code: 'SourceUnavailable', message: '127.0.0.1 did not answer in time.' })
  }, 30_000)

  it('by cancelling ends at once', async () => {
    const path = serve({}, { cutAfterBytes: 100_000, stalls: true })
    const ask = { url: line.origin.urlOf(path), jobId: 'cancelled' }
    const resolved = await line.resolve(ask)
    const environment = quietEnvironment()
    const started = new Promise<void>((begun) =>
      environment.on('heartbeat', ({ progress }: { progress: ProgressSample | null }) => {
        if (progress !== null && progress.unit === 'bytes') begun()
      }),
    )
    const download = line.download(ask, resolved, environment)
    await Promise.race([started, download])
    const cancelledAt = performance.now()
    environment.cancel()
    await expect(download).rejects.toBeInstanceOf(CancelledFailure)
    expect(performance.now() - cancelledAt).toBeLessThan(500)
  })
})

describe('with yt-dlp', { concurrent: true }, () => {
  it('a file that the origin keeps from us is fetched by it', async () => {
    whole.origin.on('/kept.mp4', file(media))
    const ask = { url: whole.origin.urlOf('/kept.mp4'), jobId: 'kept' }
    const resolved = await whole.resolve(ask)
    whole.origin.on('/kept.mp4', inTurn(status(403), file(media)))
    const { file: kept } = await whole.download(ask, resolved)
    expect(Buffer.compare(await readFile(await whole.store.read(kept.key)), bytes)).toBe(0)
  })

  it('a file that comes compressed though nobody asked for it is unpacked', async () => {
    whole.origin.on('/packed.mp4', (_request, response) => {
      const packed = gzipSync(bytes.subarray(0, 100_000))
      response.writeHead(200, { 'content-type': 'video/mp4', 'content-encoding': 'gzip' }).end(packed)
    })
    const { path } = await whole.fetch({ url: whole.origin.urlOf('/packed.mp4') })
    expect(Buffer.compare(await readFile(path), bytes.subarray(0, 100_000))).toBe(0)
  })

  it.each([
    '/clip.mp4?utm_source=mail#t=3',
    '/caf%C3%A9%20au%20lait.mp4',
    '/Übermut im Hof 🎬.webm',
    '/archive.tar.MP4?size=1.5',
    '/query.mp4?next=/other/y.webm',
    '/.mp4',
    '/bad%FFname.mp4',
    '/100%25%20sure.mov',
    '/first;second.mp4',
    `/${'long'.repeat(60)}.ogg`,
    '/deep//down/a+b&c.m4a',
    '/%2e%2e%2fx.mkv',
    '/moved.mp4',
    '/disposed.mp4',
  ])(
    '%s has the same name, id and key as by itself',
    async (path) => {
      const url = whole.origin.urlOf(path)
      const headers: Record<string, string> =
        path === '/disposed.mp4' ? { 'content-disposition': 'attachment; filename="other.webm"' } : {}
      const contentType = /\.(m4a|ogg)$/.test(path) ? 'audio/mpeg; charset=binary' : 'Video/MP4'
      whole.origin.on(new URL(url).pathname, file(media, { contentType, headers }))
      whole.origin.on('/moved.mp4', redirect('/new%20place.mp4?x=1'))
      whole.origin.on('/new%20place.mp4', file(media))
      line.origin.on(new URL(url).pathname, file(media, { contentType, headers }))
      line.origin.on('/moved.mp4', redirect('/new%20place.mp4?x=1'))
      line.origin.on('/new%20place.mp4', file(media))
      const egress = await createEgress(line.config, { warn: () => {} })
      try {
        const jobId = `same-${path.length}-${path.slice(1, 4)}`
        const given = line.origin.urlOf(path)
        const { sizeBytes, infoKey, ...ours } = await line.resolve({ url: given, jobId })
        const context = { paths: whole.config.tools, egress, cacheDir: whole.config.dataDir, cwd: whole.config.dataDir }
        const info = await extractInfo(context, { url: given, format: 'b', sort: [] })
        const ref = { jobId, run: 1, step: 'resolve', part: null, share: 1, attemptBase: 0 } as const
        const { sizeBytes: _, infoKey: key, ...theirs } = resolvedOf(ref, given, info)
        expect(ours).toEqual(theirs)
        expect([sizeBytes, infoKey]).toEqual([bytes.length, key])
        const kept = JSON.parse(await readFile(await line.store.read(infoKey ?? ''), 'utf8'))
        const facts = ({ id, title, direct, extractor, formats }: typeof info) => {
          const [format] = formats ?? []
          return [id, title, direct, extractor, format?.url, format?.ext, format?.vcodec]
        }
        expect(facts(kept.info)).toEqual(facts(info))
      } finally {
        await egress.close()
      }
    },
    60_000,
  )
})

it('leaves nothing behind', async () => {
  expect(await line.scratchLeft()).toEqual([])
  expect(await whole.scratchLeft()).toEqual([])
})
