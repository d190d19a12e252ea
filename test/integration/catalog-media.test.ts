import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { createIdempotencyKeys } from '../../catalog/idempotency.ts'
import { createInfoCache } from '../../catalog/info-cache.ts'
import type { MediaFileRow } from '../../catalog/media.ts'
import type { Info } from '../../contract/media.ts'
import {
  acceptedJob,
  DATABASES,
  emptyTables,
  mediaOf,
  openTestCatalog,
  type TestCatalog,
  type TestDatabase,
} from './catalog-databases.ts'

const file = (path: string): MediaFileRow => ({
  path,
  libraryPath: `Somebody/A clip [clip]/${path}`,
  role: 'segment',
  contentType: 'video/mp4',
  sizeBytes: 6_000_000_000,
  sha256: 'ab'.repeat(32),
  width: null,
  height: 720,
})

describe.each(DATABASES)('media on $name', ({ start }) => {
  let database: TestDatabase
  let catalog: TestCatalog

  beforeAll(async () => {
    database = await start()
    catalog = await openTestCatalog(await database.create())
  })
  afterAll(async () => {
    await catalog.knex.destroy()
    await database.stop()
  })
  beforeEach(() => emptyTables(catalog))

  it('gives back media with their files, in order, however often they were inserted', async () => {
    const media = mediaOf({
      title: '🎬'.repeat(400),
      probe: {
        container: 'mp4',
        durationMs: 1,
        sizeBytes: 2,
        bitrateBps: null,
        startMs: 0,
        quality: 50,
        streams: [],
      },
      files: [file('z.mp4'), ...Array.from({ length: 250 }, (_, index) => file(`hls/${index}.m4s`)), file('a.mp4')],
    })
    await catalog.media.insert(media)
    expect(await catalog.media.get(media.id)).toEqual(media)
    const changed = { ...media, files: [file('only.mp4')] }
    await catalog.media.insert(changed)
    expect(await catalog.media.get(media.id)).toEqual(changed)
    expect(await catalog.media.getFile(media.id, 'only.mp4')).toEqual(file('only.mp4'))
    expect(await catalog.media.getFile(media.id, 'z.mp4')).toBeNull()
  })

  it('removes media with files and path', async () => {
    const media = mediaOf({ files: [file('a.mp4')] })
    await catalog.media.reserveLibraryPath(media.id, () => 'Name')
    await catalog.media.insert(media)
    const removal = { mediaId: media.id, paths: media.files.map(({ libraryPath }) => libraryPath) }
    expect(await catalog.media.remove(media.id)).toEqual(removal)
    expect(await catalog.media.remove(media.id)).toBeNull()
    expect(await catalog.media.get(media.id)).toBeNull()
    expect(await catalog.media.getFile(media.id, 'a.mp4')).toBeNull()
    expect(await catalog.media.removalsLeft()).toContainEqual(removal)
    // Until its files are gone, nobody else has its name.
    const numbered = (attempt: number): string => (attempt === 1 ? 'Name' : `Name ${attempt}`)
    const [early, late] = [mediaOf(), mediaOf()]
    expect(await catalog.media.reserveLibraryPath(early.id, numbered)).toBe('Name 2')
    await catalog.media.markRemoved(media.id)
    expect(await catalog.media.removalsLeft()).not.toContainEqual(removal)
    expect(await catalog.media.reserveLibraryPath(late.id, numbered)).toBe('Name')
  })

  it('keeps what was deleted and is made once more', async () => {
    const media = mediaOf({ files: [file('a.mp4')] })
    const path = await catalog.media.reserveLibraryPath(media.id, () => 'Again')
    await catalog.media.insert(media)
    await catalog.media.remove(media.id)
    await catalog.media.insert(media)
    await catalog.media.markRemoved(media.id)
    expect(await catalog.media.get(media.id)).toEqual(media)
    expect(await catalog.media.reserveLibraryPath(media.id, () => 'other')).toBe(path)
  })

  it('finds the newest media that another job would make again', async () => {
    const [older, newer] = [mediaOf({ createdAt: 1 }), mediaOf({ createdAt: 2 })]
    for (const media of [newer, older]) await catalog.media.insert(media)
    expect((await catalog.media.findReusable(older))?.id).toBe(newer.id)
    for (const other of [{ owner: 'other' }, { sourceKey: 'x' }, { preset: 'audio' }, { settingsKey: 'x' }] as const) {
      expect(await catalog.media.findReusable({ ...older, ...other })).toBeNull()
    }
  })

  it('takes paths for the same that a file system may take for the same', async () => {
    const candidate = (name: string) => (attempt: number) => (attempt === 1 ? name : `${name} (${attempt})`)
    expect(await catalog.media.reserveLibraryPath('1', candidate('\u00C9t\u00E9'))).toBe('\u00C9t\u00E9')
    expect(await catalog.media.reserveLibraryPath('2', candidate('E\u0301TE\u0301'))).toBe('E\u0301TE\u0301 (2)')
    expect(await catalog.media.reserveLibraryPath('2', candidate('anything'))).toBe('E\u0301TE\u0301 (2)')
    await catalog.media.releaseLibraryPath('1')
    expect(await catalog.media.reserveLibraryPath('3', candidate('\u00E9t\u00E9'))).toBe('\u00E9t\u00E9')
  })

  it('lists the newest first, by owner, preset and words', async () => {
    const media = Array.from({ length: 5 }, (_, index) =>
      mediaOf({ createdAt: index, title: `Film №${index}`, owner: index === 4 ? 'other' : 'owner' }),
    )
    for (const one of media) await catalog.media.insert(one)
    const first = await catalog.media.list({ owner: 'owner', limit: 3 })
    expect(first.items.map(({ createdAt }) => createdAt)).toEqual([3, 2, 1])
    const second = await catalog.media.list({ owner: 'owner', limit: 3, cursor: first.nextCursor ?? '' })
    expect(second).toMatchObject({ items: [{ createdAt: 0 }], nextCursor: null })
    expect((await catalog.media.list({ owner: null, q: 'FILM somebody №2', limit: 9 })).items).toHaveLength(1)
    expect((await catalog.media.list({ owner: null, preset: 'audio', limit: 9 })).items).toEqual([])
    await expect(catalog.media.list({ owner: null, limit: 9, cursor: 'x' })).rejects.toMatchObject({
      code: 'InvalidRequest',
    })
  })

  it('believes what a site said for as long as it was told to', async () => {
    const cache = createInfoCache(catalog.knex)
    const info: Info = {
      url: 'https://example.org/clip',
      title: 'A clip',
      extractor: 'generic',
      id: 'clip',
      uploader: null,
      durationMs: 1,
      live: false,
      site: 'example.org',
      thumbnailUrl: null,
      formats: [],
      cached: false,
    }
    await cache.put('key', info, 1_000)
    await cache.put('key', { ...info, title: 'Renamed' }, 2_000)
    expect(await cache.get('key', 1_999)).toEqual({ ...info, title: 'Renamed', cached: true })
    expect(await cache.get('key', 2_000)).toBeNull()
    expect(await cache.removeExpired(1_999)).toBe(0)
    expect(await cache.removeExpired(2_000)).toBe(1)
  })

  it('forgets idempotency keys after a day', async () => {
    const keys = createIdempotencyKeys(catalog.knex)
    await catalog.jobs.acceptOrMatch([acceptedJob()], { owner: 'owner', key: 'key', bodyHash: 'body' })
    const acceptedAt = 1_000_000
    expect(await keys.removeExpired(acceptedAt + 24 * 3_600_000 - 1)).toBe(0)
    expect(await keys.removeExpired(acceptedAt + 24 * 3_600_000)).toBe(1)
  })
})
