import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createDirectLine, MIB } from './direct-line.ts'
import { file, inTurn, redirect, status, text } from './origin-answers.ts'
import { failureOf } from './source-line.ts'

/** Files of media are fetched from their origins, without yt-dlp. */

let line: Awaited<ReturnType<typeof createDirectLine>>
beforeAll(async () => {
  line = await createDirectLine()
})
afterAll(() => line.close())

describe('a file of media', { concurrent: true }, () => {
  it('comes byte for byte without yt-dlp, by one question and one download', async () => {
    const path = line.serve({})
    expect(Buffer.compare(await line.bytesOf(path, 'plain'), line.bytes)).toBe(0)
    expect(line.requestsOf(path)).toHaveLength(2)
  })

  it('tells its progress in bytes, with rate and time left', async () => {
    const path = line.serve({}, { bytesPerSecond: 4 * MIB })
    await line.bytesOf(path, 'readings')
    const samples = line.samples.filter(({ jobId, step }) => jobId === 'readings' && step === 'download')
    const middle = samples.find(({ percent }) => percent !== null && percent > 20 && percent < 90)
    expect(middle).toMatchObject({ unit: 'bytes', total: line.bytes.length })
    expect(middle?.rate).toBeGreaterThan(0)
    expect(middle?.etaMs).toBeGreaterThan(0)
    expect(samples.at(-1)).toMatchObject({ percent: 100, done: line.bytes.length })
  })

  it('is known before it is fetched to be too large', async () => {
    const path = line.serve({})
    const ask = { url: line.origin.urlOf(path), options: { maxSizeBytes: MIB } }
    expect(await failureOf(line.fetch(ask))).toMatchObject({ code: 'LimitExceeded' })
    expect(line.requestsOf(path)).toHaveLength(1)
  })

  it('of unknown size is stopped where it becomes too large', async () => {
    const path = line.serve({ unsized: true }, { unsized: true, bytesPerSecond: 2 * MIB })
    const ask = { url: line.origin.urlOf(path), options: { maxSizeBytes: MIB } }
    expect(await failureOf(line.fetch(ask))).toMatchObject({ code: 'LimitExceeded' })
  })

  it('is looked at where its type says nothing', async () => {
    for (const contentType of ['application/octet-stream', 'text/plain']) {
      const path = line.serve({ contentType })
      expect((await line.bytesOf(path)).length).toBe(line.bytes.length)
    }
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
    ['a compressed answer', status(200, { 'content-type': 'video/mp4', 'content-encoding': 'gzip' })],
  ])('is left to yt-dlp where it is %s', async (what, answer) => {
    const path = `/odd-${what.replaceAll(' ', '-')}.mp4`
    line.origin.on(path, answer)
    expect(await failureOf(line.resolve({ url: line.origin.urlOf(path) }))).toMatchObject({ code: 'ToolMissing' })
  })

  it('that a store of files gives keeps the name it was asked for by', async () => {
    line.origin.on('/releases/My%20clip.mp4', redirect('/store/4711?sig=x'))
    line.origin.on('/store/4711', file(line.media, { contentType: 'application/octet-stream' }))
    const { resolved, downloaded } = await line.fetch({ url: line.origin.urlOf('/releases/My%20clip.mp4') })
    expect(resolved.title).toBe('My clip')
    expect(JSON.stringify(resolved)).not.toContain('/store/')
    expect(downloaded).toMatchObject({ extension: 'mp4', file: { sizeBytes: line.bytes.length } })
  })

  it('is told of without yt-dlp, too', async () => {
    const url = line.origin.urlOf(line.serve({}))
    expect(await line.inspect(url)).toMatchObject({
      url,
      extractor: 'generic',
      live: false,
      formats: [{ ext: 'mp4', sizeBytes: line.bytes.length }],
    })
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
    const path = line.serve({})
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
    const path = line.serve({})
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
    const path = line.serve({})
    line.origin.on(path, inTurn(status(500), status(500), file(line.media)))
    const url = line.origin.urlOf(path)
    for (const _ of [1, 2]) expect(await failureOf(line.resolve({ url }))).toMatchObject({ code: 'SourceUnavailable' })
    expect(await line.bytesOf(path)).toHaveLength(line.bytes.length)
  })
})

it('leaves nothing behind', async () => {
  expect(await line.scratchLeft()).toEqual([])
})
