import { createHash, randomUUID } from 'node:crypto'
import { access, mkdir, readdir, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { problemSchema } from '../../api/http/problem.ts'
import type { MediaFileRow, MediaWithFiles } from '../../catalog/media.ts'
import { mediaSchema } from '../../contract/media.ts'
import { rawRequest, startApi, type RunningApi } from './api-harness.ts'

let running: RunningApi
let stream: MediaWithFiles
beforeAll(async () => {
  running = await startApi()
  await writeFile(join(running.config.libraryDir, 'unlisted.txt'), 'not in the catalog')
  stream = await publish('A stream #1?', {
    'hls/master.m3u8': ['hls', 'text/plain', '#EXTM3U\n720p/index.m3u8\n'],
    'hls/720p/seg 1.m4s': ['segment', 'video/iso.segment', '0123456789'],
    'dash/manifest.mpd': ['dash', 'text/xml', '<MPD/>'],
    'storyboard.vtt': ['storyboard', 'text/plain', 'WEBVTT\n'],
    'poster-640.webp': ['poster', 'image/webp', 'webp'],
    'main.mp4': ['main', 'video/mp4', 'mp4 bytes'],
  })
})
afterAll(() => running.stop())

/** Puts a media into the library and the catalog, as the publish step does. */
const publish = async (
  title: string,
  files: Record<string, [MediaFileRow['role'], string, string]>,
  owner = 'owner',
) => {
  const id = randomUUID()
  const rows: MediaFileRow[] = []
  for (const [path, [role, contentType, content]] of Object.entries(files)) {
    const libraryPath = `Uploader/${title} [${id}]/${path}`
    const absolute = join(running.config.libraryDir, libraryPath)
    await mkdir(dirname(absolute), { recursive: true })
    await writeFile(absolute, content)
    const sha256 = createHash('sha256').update(content).digest('hex')
    rows.push({ path, libraryPath, role, contentType, sizeBytes: content.length, sha256, width: null, height: null })
  }
  const media: MediaWithFiles = {
    id,
    jobId: randomUUID(),
    owner,
    title,
    uploader: 'Uploader',
    site: 'example.com',
    sourceUrl: 'https://example.com/',
    sourceId: id,
    sourceKey: `generic:${id}`,
    preset: 'stream',
    settingsKey: '{}',
    durationMs: 1_000,
    width: 1_280,
    height: 720,
    sizeBytes: 100,
    libraryPath: `Uploader/${title} [${id}]/main.mp4`,
    passthrough: null,
    probe: null,
    createdAt: Date.now(),
    files: rows,
  }
  await running.catalog.media.insert(media)
  return media
}
const fileUrl = (path: string, id = stream.id) => `/api/v1/media/${id}/files/${path}`
const withToken = (headers: Record<string, string>) => ({
  headers: { authorization: `Bearer ${running.api.ownerToken}`, ...headers },
})
const raw = (path: string, headers: Record<string, string> = {}) =>
  rawRequest(running, { path, headers: { authorization: `Bearer ${running.api.ownerToken}`, ...headers } })

describe('the library', () => {
  test('lists media with what a card shows', async () => {
    const page = z
      .object({ items: z.array(mediaSchema), nextCursor: z.string().nullable() })
      .parse(await (await running.call('/api/v1/media?q=stream')).json())
    expect(page.items).toMatchObject([{ id: stream.id, title: 'A stream #1?' }])
    expect(page.items[0]?.files.map(({ role }) => role).toSorted()).toEqual(['dash', 'hls', 'main', 'poster'])
    expect((await running.call('/api/v1/media?limit=900')).status).toBe(400)
  })

  test('gives one media with all its files, whose addresses work', async () => {
    const media = mediaSchema.parse(await (await running.call(`/api/v1/media/${stream.id}`)).json())
    expect(media.files).toHaveLength(6)
    for (const { url, sizeBytes } of media.files) {
      const response = await running.call(url)
      expect([url, response.status]).toEqual([url, 200])
      expect((await response.arrayBuffer()).byteLength).toBe(sizeBytes)
    }
    expect((await running.call('/api/v1/media/none')).status).toBe(404)
  })
})

describe('a file', () => {
  test.each([
    ['hls/master.m3u8', 'application/vnd.apple.mpegurl'],
    ['dash/manifest.mpd', 'application/dash+xml'],
    ['hls/720p/seg%201.m4s', 'video/iso.segment'],
    ['storyboard.vtt', 'text/vtt; charset=utf-8'],
    ['poster-640.webp', 'image/webp'],
    ['main.mp4', 'video/mp4'],
  ])('%s has the type that players want', async (path, type) => {
    const { headers } = await running.call(fileUrl(path))
    expect(headers.get('content-type')).toBe(type)
    expect(headers.get('content-security-policy')).toContain('sandbox')
    expect(headers.get('accept-ranges')).toBe('bytes')
  })

  test('comes in ranges', async () => {
    const path = fileUrl('hls/720p/seg%201.m4s')
    const part = await running.call(path, withToken({ range: 'bytes=2-4' }))
    expect(part.status).toBe(206)
    expect(part.headers.get('content-range')).toBe('bytes 2-4/10')
    expect(await part.text()).toBe('234')
    expect(await (await running.call(path, withToken({ range: 'bytes=-3' }))).text()).toBe('789')
    const more = await running.call(path, withToken({ range: 'bytes=-11' }))
    expect({ status: more.status, range: more.headers.get('content-range') }).toEqual({
      status: 206,
      range: 'bytes 0-9/10',
    })
    expect(await more.text()).toBe('0123456789')
    const onlyHead = await running.call(path, { ...withToken({ range: 'bytes=2-4' }), method: 'HEAD' })
    expect({ status: onlyHead.status, length: onlyHead.headers.get('content-length') }).toEqual({
      status: 200,
      length: '10',
    })
    const beyond = await running.call(path, withToken({ range: 'bytes=20-30' }))
    expect(beyond.status).toBe(416)
    expect(beyond.headers.get('content-range')).toBe('bytes */10')
    expect(problemSchema.parse(await beyond.json()).code).toBe('RangeNotSatisfiable')
    const head = await running.call(path, { ...withToken({}), method: 'HEAD' })
    expect([head.status, head.headers.get('content-length'), await head.text()]).toEqual([200, '10', ''])
  })

  test('is known by its checksum', async () => {
    const path = fileUrl('main.mp4')
    const etag = (await running.call(path)).headers.get('etag') ?? ''
    expect(etag).toBe(`"${createHash('sha256').update('mp4 bytes').digest('hex')}"`)
    expect((await raw(path, { 'if-none-match': etag })).status).toBe(304)
    expect((await raw(path, { 'if-match': '"other"' })).status).toBe(412)
    const changed = await running.call(path, withToken({ range: 'bytes=0-1', 'if-range': '"other"' }))
    expect([changed.status, await changed.text()]).toEqual([200, 'mp4 bytes'])
  })

  test.each([
    'none.mp4',
    'hls',
    'hls/',
    '../unlisted.txt',
    'hls/../main.mp4',
    '..%2f..%2f..%2funlisted.txt',
    '..%5c..%5cunlisted.txt',
    '%2e%2e/%2e%2e/unlisted.txt',
    '/etc/passwd',
    '%2fetc%2fpasswd',
    'main.mp4%00.txt',
    'MAIN.MP4%20',
  ])('%s leads nowhere', async (path) => {
    expect((await raw(fileUrl(path))).status).toBe(404)
  })

  test('that is listed and gone is 404, and says nothing of where it was', async () => {
    const media = await publish('Gone', { 'main.mp4': ['main', 'video/mp4', 'x'] })
    await rm(join(running.config.libraryDir, media.libraryPath))
    const response = await running.call(fileUrl('main.mp4', media.id))
    expect(response.status).toBe(404)
    expect(response.headers.get('etag')).toBeNull()
    const problem = problemSchema.parse(await response.json())
    expect(JSON.stringify(problem)).not.toContain(running.config.dataDir)
  })

  test('of somebody else is not there', async () => {
    const token = await running.api.tokens.issue({ principal: { subject: 'ada', role: 'editor' }, lifetimeSeconds: 60 })
    const asAda = { headers: { authorization: `Bearer ${token}` } }
    expect((await running.call(fileUrl('main.mp4'), asAda)).status).toBe(404)
    expect((await running.call(`/api/v1/media/${stream.id}`, asAda)).status).toBe(404)
    const own = await publish('Hers', { 'main.mp4': ['main', 'video/mp4', 'x'] }, 'ada')
    expect((await running.call(fileUrl('main.mp4', own.id), asAda)).status).toBe(200)
  })
})

describe('deleting a media', () => {
  test('takes its files and empty folders with it, and nothing else', async () => {
    const media = await publish('Doomed', {
      'main.mp4': ['main', 'video/mp4', 'x'],
      'hls/a/b.m4s': ['segment', 'video/mp4', 'y'],
    })
    const folder = join(running.config.libraryDir, 'Uploader', `Doomed [${media.id}]`)
    await access(folder)
    const response = await running.call(`/api/v1/media/${media.id}`, { ...withToken({}), method: 'DELETE' })
    expect(response.status).toBe(204)
    await expect(access(folder)).rejects.toThrow('ENOENT')
    expect(await readdir(join(running.config.libraryDir, 'Uploader'))).toContain(`A stream #1? [${stream.id}]`)
    expect((await running.call(fileUrl('main.mp4', media.id))).status).toBe(404)
    expect((await running.call(`/api/v1/media/${media.id}`, { ...withToken({}), method: 'DELETE' })).status).toBe(404)
  })

  test('is gone on with by the next API, where one died in between', async () => {
    const media = await publish('Half gone', {
      'main.mp4': ['main', 'video/mp4', 'x'],
      'hls/a/b.m4s': ['segment', 'video/mp4', 'y'],
    })
    const folder = join(running.config.libraryDir, 'Uploader', `Half gone [${media.id}]`)
    await running.catalog.media.remove(media.id)
    await rm(join(folder, 'main.mp4'))
    const next = await startApi({ SLUICE_DATA: running.config.dataDir })
    try {
      await expect.poll(() => next.catalog.media.removalsLeft()).toEqual([])
      await expect(access(folder)).rejects.toThrow('ENOENT')
    } finally {
      await next.stop()
    }
  })
})
