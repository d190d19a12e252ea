import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest'
import { parseConfig, type Config } from '../../config.ts'
import { createCatalogAudit } from '../../catalog/audit.ts'
import { copyLibrary, makeBackup } from '../../scripts/backup/make-backup.ts'
import { restoreBackup } from '../../scripts/backup/restore-backup.ts'
import { whileNobodyWritesMysql } from '../../scripts/backup/mysql-lock.ts'
import { DATABASES, mediaOf, openTestCatalog, type TestCatalog, type TestDatabase } from './catalog-databases.ts'

let database: TestDatabase
let folder: string
let config: Config
let url: string
let catalog: TestCatalog
beforeAll(async () => {
  ;[database, folder] = await Promise.all([DATABASES[1].start(), mkdtemp(join(tmpdir(), 'sluice-backup-'))])
})
afterAll(async () => {
  await database.stop()
  await rm(folder, { recursive: true, force: true })
})
beforeEach(async () => {
  const { database: where } = await database.create()
  url = where.url ?? ''
  config = parseConfig({ SLUICE_DATA: join(folder, 'data'), DATABASE_URL: url })
  catalog = await openTestCatalog(config)
})
afterEach(() => catalog.knex.destroy())

/** Publishes a media of one file. */
const publish = async (name: string): Promise<string> => {
  const file = { path: 'main.mp4', libraryPath: `${name}.mp4`, role: 'main', contentType: 'video/mp4' } as const
  const media = mediaOf({
    files: [{ ...file, sizeBytes: name.length, sha256: null, width: null, height: null }],
    libraryPath: file.libraryPath,
  })
  await mkdir(config.libraryDir, { recursive: true })
  await writeFile(join(config.libraryDir, file.libraryPath), name)
  await catalog.media.insert(media)
  return media.id
}

it('lets nobody publish while Temporal and the catalog are copied, and refuses nobody either', async () => {
  const before = await publish('before')
  let published = false
  let publishing = Promise.resolve()
  const listed = await whileNobodyWritesMysql(url, async () => {
    publishing = publish('meanwhile').then(() => void (published = true))
    const waitsForLock = async (): Promise<boolean> => {
      const [sessions] = (await catalog.knex.raw('SHOW PROCESSLIST')) as [{ State: string | null }[]]
      return sessions.some(({ State: state }) => state !== null && /metadata lock/i.test(state))
    }
    while (!published && !(await waitsForLock()));
    expect(published).toBe(false)
  })
  await publishing
  expect([...listed]).toEqual([before])
})

it('copies what the catalog listed then, and knows what was deleted since', async () => {
  const [kept, gone] = [await publish('kept'), await publish('gone')]
  const listed = await whileNobodyWritesMysql(url, () => undefined)
  await publish('later')
  await catalog.media.remove(gone)
  const dir = join(folder, 'backup')
  const files = await copyLibrary({ config, dir, wantsLinks: true, python: '', say: () => undefined }, listed)
  expect([...listed]).toEqual(expect.arrayContaining([kept, gone]))
  expect(files).toMatchObject({ media: 1, files: 1, deleted: [gone] })
  expect(await readdir(join(dir, 'library'))).toEqual(['kept.mp4'])
})

it('gives back the names of media that were just about to be published', async () => {
  const id = await publish('done')
  await catalog.media.reserveLibraryPath(id, () => 'done')
  await catalog.media.reserveLibraryPath('about-to-be', () => 'half')
  const dir = join(folder, 'backup-of-half')
  await makeBackup({ config, dir, wantsLinks: true, python: 'python3', say: () => undefined })
  const { database: where } = await database.create()
  const target = { SLUICE_DATA: join(folder, 'restored'), DATABASE_URL: where.url ?? '' }
  await restoreBackup({ config: parseConfig(target), dir })
  const restored = await openTestCatalog({ dataDir: 'unused', database: where })
  expect(await restored.media.get(id)).toMatchObject({ id })
  expect(await createCatalogAudit(restored.knex).pathsWithoutMedia()).toEqual([])
  await restored.knex.destroy()
})
