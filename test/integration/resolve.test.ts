import { mkdir, readFile, stat, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { makeClip, makeDash, makeHls } from './make-media.ts'
import { file, folder, inTurn, redirect, status, text, videoPage } from './origin-answers.ts'
import { createSourceLine, failureOf } from './source-line.ts'

let line: Awaited<ReturnType<typeof createSourceLine>>
let clip: string

beforeAll(async () => {
  line = await createSourceLine()
  const media = join(line.config.dataDir, 'media')
  clip = await makeClip(line.config.tools.ffmpeg, join(media, 'clip.mp4'))
  line.origin.on('/clip.mp4', file(clip))
  line.origin.on('/watch', videoPage('A walk in the park', '/clip.mp4'))
  await folder(line.origin, '/hls', await makeHls(line.config.tools.ffmpeg, join(media, 'hls'), { seconds: 4 }))
  await folder(line.origin, '/dash', await makeDash(line.config.tools.ffmpeg, join(media, 'dash'), { seconds: 4 }))
})
afterAll(() => line.close())

describe('resolve of addresses', () => {
  it('names a direct file by its address', async () => {
    const first = await line.resolve({ url: line.origin.urlOf('/clip.mp4') })
    const again = await line.resolve({ url: line.origin.urlOf('/clip.mp4?utm_source=mail#t=3') })
    expect(first).toMatchObject({ title: 'clip', extractor: 'generic', uploader: null, site: '127.0.0.1' })
    expect(first.id).toMatch(/^[0-9a-f]{8}$/)
    expect(again.sourceKey).toBe(first.sourceKey)
  })

  it('reads a page with a video element', async () => {
    const resolved = await line.resolve({ url: line.origin.urlOf('/watch') })
    expect(resolved).toMatchObject({ title: 'A walk in the park', extractor: 'generic' })
    expect(resolved.sourceKey).toMatch(/^generic:[0-9a-f]{64}$/)
  })

  it('reads HLS and DASH', async () => {
    const hls = await line.resolve({ url: line.origin.urlOf('/hls/index.m3u8') })
    const dash = await line.resolve({ url: line.origin.urlOf('/dash/index.mpd') })
    expect(hls).toMatchObject({ extractor: 'generic', durationMs: 4_000 })
    expect(dash).toMatchObject({ extractor: 'generic' })
    expect(hls.sourceKey).not.toBe(dash.sourceKey)
  })

  it('keeps what the site said in a private file and asks once', async () => {
    const ask = { url: line.origin.urlOf('/clip.mp4'), jobId: 'asked-once' }
    const first = await line.resolve(ask)
    const requests = line.origin.seen.length
    expect(await line.resolve(ask)).toEqual(first)
    expect(line.origin.seen.length).toBe(requests)
    const kept = await line.store.read('asked-once/resolved.json')
    expect((await stat(kept)).mode & 0o777).toBe(0o600)
    expect(JSON.parse(await readFile(kept, 'utf8'))).toMatchObject({ run: 1 })
  })

  it('tells what a page is for people', async () => {
    const info = await line.inspect(line.origin.urlOf('/watch'))
    expect(info).toMatchObject({ title: 'A walk in the park', live: false, site: '127.0.0.1' })
    expect(info.formats).toHaveLength(1)
  })
})

// Each call starts Python: side by side they take half the time.
describe('resolve of what cannot be taken', { concurrent: true }, () => {
  it.each([
    ['no address', 'dog.mp4', 'InvalidRequest', /begins with http/],
    ['an option', '--exec=id', 'InvalidRequest', /begins with http/],
    ['another scheme', 'ftp://example.org/a.mp4', 'InvalidRequest', /“ftp:” are not supported/],
    ['a file scheme', 'file:///etc/passwd', 'InvalidRequest', /“file:” are not supported/],
    ['a password', 'https://me:secret@example.org/a.mp4', 'InvalidRequest', /password/],
    ['an unknown host', 'http://nothing.invalid/a.mp4', 'SourceNotFound', /no host named nothing\.invalid/],
    ['an unknown host over TLS', 'https://nothing.invalid/a.mp4', 'SourceNotFound', /no host named nothing\.invalid/],
    ['a loopback address', 'http://127.0.0.1:1/a.mp4', 'BlockedAddress', /127\.0\.0\.1/],
    ['a metadata service', 'https://169.254.169.254/latest', 'BlockedAddress', /169\.254\.169\.254/],
  ])('%s', async (_what, url, code, sentence) => {
    const failure = await failureOf(line.resolve({ url }))
    expect(failure).toMatchObject({ code, message: expect.stringMatching(sentence) })
  })

  it.each([
    [404, 'SourceNotFound'],
    [403, 'SourceForbidden'],
  ])('HTTP %i', async (httpStatus, code) => {
    line.origin.on(`/status-${httpStatus}`, status(httpStatus))
    const failure = await failureOf(line.resolve({ url: line.origin.urlOf(`/status-${httpStatus}?token=secret`) }))
    expect(failure).toMatchObject({ code, message: expect.stringContaining(`HTTP ${httpStatus}`) })
    expect(JSON.stringify(failure)).not.toContain('secret')
    expect(failure.message).not.toMatch(/report this issue|yt-dlp/)
  })

  it('429, with the wait that the site asks for', async () => {
    line.origin.on('/throttled', status(429, { 'retry-after': '7' }))
    const failure = await failureOf(line.resolve({ url: line.origin.urlOf('/throttled') }))
    expect(failure).toMatchObject({ code: 'SourceThrottled', details: { retryAfterMs: 7_000 } })
  })

  it('500 twice, and then it is there', async () => {
    line.origin.on('/shaky.mp4', inTurn(status(500), status(500), file(clip)))
    const ask = { url: line.origin.urlOf('/shaky.mp4') }
    expect(await failureOf(line.resolve(ask))).toMatchObject({ code: 'SourceUnavailable' })
    expect(await failureOf(line.resolve(ask))).toMatchObject({ code: 'SourceUnavailable' })
    expect(await line.resolve(ask)).toMatchObject({ title: 'shaky' })
  })

  it('a refused connection', async () => {
    const refusing = await createSourceLine({ SLUICE_ALLOW_ADDRESSES: '127.0.0.1:1' })
    try {
      const failure = await failureOf(refusing.resolve({ url: 'http://127.0.0.1:1/a.mp4' }))
      expect(failure).toMatchObject({ code: 'SourceUnavailable', message: '127.0.0.1 does not accept connections.' })
      const secure = await failureOf(refusing.resolve({ url: 'https://127.0.0.1:1/a.mp4' }))
      expect(secure).toMatchObject({ code: 'SourceUnavailable' })
    } finally {
      await refusing.close()
    }
  })

  it('a redirect into a private network', async () => {
    line.origin.on('/away', redirect('http://10.1.2.3/secret'))
    const failure = await failureOf(line.resolve({ url: line.origin.urlOf('/away') }))
    expect(failure).toMatchObject({ code: 'BlockedAddress', message: expect.stringContaining('10.1.2.3') })
  })

  it.each([
    ['/loop', '/loop', /redirects from address to address without an end/],
    ['/to-a-file', 'file:///etc/passwd', /redirects, but to no web address \(HTTP 302\)/],
    ['/to-ftp', 'ftp://host.example/a.mp4', /not on the web/],
  ])('a redirect from %s to %s', async (path, to, sentence) => {
    line.origin.on(path, redirect(to))
    const failure = await failureOf(line.resolve({ url: line.origin.urlOf(path) }))
    expect(failure).toMatchObject({ code: 'UnsupportedMedia', message: expect.stringMatching(sentence) })
  })

  it('a playlist that names a file of this machine', async () => {
    const playlist = '#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1000\nfile:///etc/passwd\n'
    line.origin.on('/local-list.m3u8', text(playlist, 'application/vnd.apple.mpegurl'))
    const failure = await failureOf(line.resolve({ url: line.origin.urlOf('/local-list.m3u8') }))
    expect(failure).toMatchObject({ code: 'UnsupportedMedia', message: expect.stringContaining('not on the web') })
  })

  it('a page without media', async () => {
    line.origin.on('/words', text('<html><title>Words</title><p>only words</p></html>'))
    const failure = await failureOf(line.resolve({ url: line.origin.urlOf('/words') }))
    expect(failure).toMatchObject({ code: 'UnsupportedMedia', message: 'No media were found on this page.' })
  })

  it('a page of several videos, and a feed', async () => {
    line.origin.on('/two', text('<html><video src="/clip.mp4"></video><video src="/other.mp4"></video></html>'))
    const item = (path: string) => `<item><title>x</title><link>${line.origin.urlOf(path)}</link></item>`
    const feed = `<rss version="2.0"><channel><title>Feed</title>${item('/clip.mp4')}${item('/watch')}</channel></rss>`
    line.origin.on('/feed', text(feed, 'application/rss+xml'))
    for (const path of ['/two', '/feed']) {
      const failure = await failureOf(line.resolve({ url: line.origin.urlOf(path) }))
      expect(failure).toMatchObject({ code: 'UnsupportedMedia', message: expect.stringContaining('playlist') })
    }
  })

  it('takes the one entry of a list of one', async () => {
    const item = `<item><title>The one</title><link>${line.origin.urlOf('/watch')}</link></item>`
    const feed = `<rss version="2.0"><channel><title>Feed</title>${item}</channel></rss>`
    line.origin.on('/feed-of-one', text(feed, 'application/rss+xml'))
    const resolved = await line.resolve({ url: line.origin.urlOf('/feed-of-one') })
    expect(resolved.title).toBe('The one')
  })

  it('a live stream', async () => {
    const playlist = '#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXT-X-MEDIA-SEQUENCE:5\n#EXTINF:2.0,\n/hls/index0.ts\n'
    line.origin.on('/live.m3u8', text(playlist, 'application/vnd.apple.mpegurl'))
    const failure = await failureOf(line.resolve({ url: line.origin.urlOf('/live.m3u8') }))
    expect(failure).toMatchObject({ code: 'UnsupportedMedia', message: expect.stringContaining('live stream') })
  })

  it('without yt-dlp', async () => {
    const bare = await createSourceLine({ SLUICE_YTDLP: '/nowhere/yt-dlp' })
    try {
      const failure = await failureOf(bare.resolve({ url: bare.origin.urlOf('/watch') }))
      expect(failure).toMatchObject({ code: 'ToolMissing', message: expect.stringContaining('SLUICE_YTDLP') })
    } finally {
      await bare.close()
    }
  })
})

describe('resolve of files', () => {
  const put = async (name: string, bytes: string | Uint8Array): Promise<string> => {
    await mkdir(line.config.importDir, { recursive: true })
    const path = join(line.config.importDir, name)
    await writeFile(path, bytes)
    return path
  }

  it('knows a recording by its bytes, whatever it is called', async () => {
    const bytes = await readFile(clip)
    await put('Holiday 2024.mp4', bytes)
    await put('copy.mp4', bytes)
    const one = await line.resolve({ file: 'Holiday 2024.mp4' })
    const other = await line.resolve({ file: 'copy.mp4' })
    expect(one).toMatchObject({ title: 'Holiday 2024', extractor: 'file', infoKey: null, sizeBytes: bytes.length })
    expect(other.sourceKey).toBe(one.sourceKey)
    expect(other.id).toBe(one.id)
  })

  it('names a file by its bytes where its own name says nothing', async () => {
    await put('\u0007\u202e.mp4', 'nameless')
    const resolved = await line.resolve({ file: '\u0007\u202e.mp4' })
    expect(resolved.title).toBe(resolved.id)
  })

  it('stays inside the import folder', async () => {
    await put('inside.mp4', 'x')
    await symlink('/etc/hostname', join(line.config.importDir, 'link.mp4'))
    await symlink(tmpdir(), join(line.config.importDir, 'folder'))
    for (const path of ['../media/clip.mp4', '/etc/passwd', 'link.mp4', 'folder/x', '.', '']) {
      const failure = await failureOf(line.resolve({ file: path }))
      expect([path, failure.code]).toEqual([path, path === 'folder/x' ? 'SourceNotFound' : 'InvalidRequest'])
    }
  })

  it('takes an absolute path that is inside', async () => {
    const path = await put('absolute.mp4', 'abc')
    expect(await line.resolve({ file: path })).toMatchObject({ title: 'absolute', sizeBytes: 3 })
  })

  it('wants a file that is there', async () => {
    await mkdir(join(line.config.importDir, 'sub'), { recursive: true })
    expect(await failureOf(line.resolve({ file: 'missing.mp4' }))).toMatchObject({ code: 'SourceNotFound' })
    expect(await failureOf(line.resolve({ file: 'sub' }))).toMatchObject({ code: 'InvalidRequest' })
  })
})

it('leaves nothing behind', async () => {
  expect(await line.scratchLeft()).toEqual([])
})
