import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Knex } from 'knex'
import { v7 as uuidv7 } from 'uuid'
import { connectDatabase, type ConnectOptions } from '../../catalog/connect.ts'
import { createJobQueries } from '../../catalog/job-queries.ts'
import type { AcceptedJob, JobQueries } from '../../catalog/jobs.ts'
import { createMediaQueries } from '../../catalog/media-queries.ts'
import type { MediaQueries, MediaWithFiles } from '../../catalog/media.ts'
import { migrate } from '../../catalog/migrations.ts'
import type { Config } from '../../config.ts'
import { startMariaDb } from './mariadb.ts'

export type CatalogConfig = Pick<Config, 'dataDir' | 'database'>

/** One kind of database, for as long as a test file needs it. */
export interface TestDatabase {
  /** Where an empty database is. */
  create(): Promise<CatalogConfig>
  stop(): Promise<void>
}

const startSqlite = async (): Promise<TestDatabase> => {
  const dir = await mkdtemp(join(tmpdir(), 'sluice-catalog-'))
  let count = 0
  return {
    create: async () => ({ dataDir: join(dir, `${(count += 1)}`), database: { url: null, pool: 1 } }),
    stop: () => rm(dir, { recursive: true, force: true }),
  }
}

const startMysql = async (): Promise<TestDatabase> => {
  const server = await startMariaDb()
  let count = 0
  return {
    create: async () => {
      const url = await server.createDatabase(`catalog${(count += 1)}`)
      return { dataDir: 'unused', database: { url, pool: 4 } }
    },
    stop: () => server.stop(),
  }
}

/** For `describe.each`: everything the catalog does, it does on both. */
export const DATABASES = [
  { name: 'SQLite', start: startSqlite },
  { name: 'MariaDB', start: startMysql },
] as const

/** A clock that tests set. */
export interface TestClock {
  now: number
}

export interface TestCatalog {
  knex: Knex
  jobs: JobQueries
  media: MediaQueries
}

/** The catalog's queries by a clock of the test's own. */
export const openTestCatalog = async (
  config: CatalogConfig,
  clock: TestClock = { now: 1_000_000 },
  options: ConnectOptions = {},
): Promise<TestCatalog> => {
  const knex = await connectDatabase(config, options)
  await migrate(knex)
  return { knex, jobs: createJobQueries(knex, () => clock.now), media: createMediaQueries(knex) }
}

/** Quicker than a new database for each test. */
export const emptyTables = async ({ knex }: TestCatalog): Promise<void> => {
  for (const table of ['jobs', 'media_files', 'media', 'library_paths', 'info_cache', 'idempotency_keys']) {
    await knex(table).delete()
  }
}

export const acceptedJob = (change: Partial<AcceptedJob> = {}): AcceptedJob => ({
  id: uuidv7(),
  kind: 'ingest',
  owner: 'owner',
  source: { url: 'https://example.org/clip', file: null, title: null, site: 'example.org' },
  preset: 'web',
  options: {},
  priority: 3,
  force: false,
  passthrough: null,
  dedupeKey: null,
  parentId: null,
  createdAt: 1_000_000,
  ...change,
})

export const mediaOf = (change: Partial<MediaWithFiles> = {}): MediaWithFiles => ({
  id: uuidv7(),
  jobId: uuidv7(),
  owner: 'owner',
  title: 'A clip',
  uploader: 'Somebody',
  site: 'example.org',
  sourceUrl: 'https://example.org/clip',
  sourceId: 'clip',
  sourceKey: 'generic:clip',
  preset: 'web',
  settingsKey: '[]',
  durationMs: 60_000,
  width: 1280,
  height: 720,
  sizeBytes: 5_000_000_000,
  libraryPath: 'Somebody/A clip [clip].mp4',
  passthrough: null,
  probe: null,
  createdAt: 1_000_000,
  files: [],
  ...change,
})
