import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import Libsql from 'libsql'
import { createConnection } from 'mysql2/promise'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { openCatalog } from '../../catalog/catalog.ts'
import type { AcceptOutcome } from '../../catalog/jobs.ts'
import { toFailure } from '../../contract/failures.ts'
import {
  acceptedJob,
  DATABASES,
  mediaOf,
  openTestCatalog,
  type CatalogConfig,
  type TestCatalog,
  type TestDatabase,
} from './catalog-databases.ts'

const jobIds = (outcome: AcceptOutcome): (string | undefined)[] => {
  if (outcome.outcome === 'mismatch') return []
  return outcome.outcome === 'replayed' ? outcome.jobs.map((job) => job?.id) : outcome.items.map(({ job }) => job.id)
}

/** Nobody holds a lock for long here; only a machine that is overrun makes somebody wait. */
const BUSY_TIMEOUT_MS = 60_000

describe.each(DATABASES)('two processes on $name', ({ start }) => {
  let database: TestDatabase
  let config: CatalogConfig
  let catalogs: [TestCatalog, TestCatalog]

  beforeAll(async () => {
    database = await start()
  })
  afterAll(() => database.stop())
  beforeEach(async () => {
    config = await database.create()
    const open = () => openTestCatalog(config, undefined, { busyTimeoutMs: BUSY_TIMEOUT_MS })
    // Both find an empty database and bring it up to date at once.
    catalogs = await Promise.all([open(), open()])
  })
  afterEach(async () => {
    for (const { knex } of catalogs) await knex.destroy()
  })

  const both = <T>(times: number, call: (catalog: TestCatalog, index: number) => Promise<T>): Promise<T[]> =>
    Promise.all(Array.from({ length: times }, (_, index) => call(catalogs[index % 2 === 0 ? 0 : 1], index)))

  it('make one job of the same submission', async () => {
    const ids = (await both(16, ({ jobs }) => jobs.acceptOrMatch([acceptedJob({ dedupeKey: 'same' })]))).flatMap(jobIds)
    expect(ids).toHaveLength(16)
    expect(new Set(ids).size).toBe(1)
    expect((await catalogs[0].jobs.list({ owner: null, limit: 9 })).items).toHaveLength(1)
  })

  it('make one job of the same idempotency key', async () => {
    const claim = { owner: 'owner', key: 'key', bodyHash: 'body' }
    const ids = (await both(8, ({ jobs }) => jobs.acceptOrMatch([acceptedJob()], claim))).flatMap(jobIds)
    expect(ids).toHaveLength(8)
    expect(new Set(ids).size).toBe(1)
  })

  it('never claim the same job', async () => {
    const jobs = Array.from({ length: 40 }, () => acceptedJob())
    await catalogs[0].jobs.acceptOrMatch(jobs)
    await catalogs[0].jobs.releaseDispatch(jobs.map(({ id }) => ({ id, run: 1 })))
    const claimed = (await both(8, (catalog) => catalog.jobs.claimForDispatch(5))).flat()
    expect(claimed).toHaveLength(40)
    expect(new Set(claimed.map(({ id }) => id)).size).toBe(40)
  })

  it('count every change of a job once', async () => {
    const job = acceptedJob()
    const [outcome] = await both(1, ({ jobs }) => jobs.acceptOrMatch([job]))
    if (outcome?.outcome !== 'accepted') throw new Error('not accepted')
    const steps = outcome.items[0]?.job.steps ?? []
    const written = await both(20, ({ jobs }, index) =>
      jobs.applyProjection({
        jobId: job.id,
        run: 1,
        workflowRunId: 'first',
        version: index + 1,
        state: 'running',
        waitingFor: null,
        pauseRequested: false,
        priority: 3,
        title: null,
        site: null,
        steps,
        error: null,
        result: null,
      }),
    )
    const revisions = written.filter((revision) => revision !== null)
    expect(new Set(revisions).size).toBe(revisions.length)
    expect(await catalogs[1].jobs.get(job.id)).toMatchObject({ revision: revisions.length + 1, projectionVersion: 20 })
  })

  it('end a job once', async () => {
    const job = acceptedJob()
    await catalogs[0].jobs.acceptOrMatch([job])
    const error = toFailure('WorkflowTerminated', null, null)
    const ended = await both(6, ({ jobs }, index) =>
      index < 3
        ? jobs.markEnded({ id: job.id, run: 1, state: 'failed', error, result: null })
        : jobs.markLost({ id: job.id, run: 1 }).then((row) => (row === null ? null : row.revision)),
    )
    expect((await catalogs[0].jobs.get(job.id))?.state).toBe('failed')
    expect(ended.slice(0, 3).filter((revision) => revision !== null)).toHaveLength(1)
  })

  it('give every media a path of its own', async () => {
    const media = Array.from({ length: 6 }, () => mediaOf())
    const candidate = (attempt: number) => (attempt === 1 ? 'Name' : `Name (${attempt})`)
    const paths = await both(12, (catalog, index) =>
      catalog.media.reserveLibraryPath(media[index % 6]?.id ?? '', candidate),
    )
    expect(paths.slice(0, 6)).toEqual(paths.slice(6))
    expect(new Set(paths)).toEqual(new Set(['Name', 'Name (2)', 'Name (3)', 'Name (4)', 'Name (5)', 'Name (6)']))
  })
})

describe('a locked SQLite', () => {
  let database: TestDatabase
  let config: CatalogConfig
  beforeAll(async () => {
    database = await DATABASES[0].start()
    config = await database.create()
  })
  afterAll(() => database.stop())

  it('is CatalogBusy after the time limit, blocks nobody meanwhile, and has nothing half-written', async () => {
    const catalog = await openCatalog(config, { busyTimeoutMs: 3_000 })
    const other = new Libsql(join(config.dataDir, 'catalog.db'))
    other.exec('begin exclusive')
    let longestPauseMs = 0
    let lastTick = performance.now()
    const ticking = setInterval(() => {
      longestPauseMs = Math.max(longestPauseMs, performance.now() - lastTick)
      lastTick = performance.now()
    }, 5)
    const startedAt = performance.now()
    const job = acceptedJob({ dedupeKey: 'same' })
    await expect(catalog.jobs.acceptOrMatch([job])).rejects.toMatchObject({ code: 'CatalogBusy' })
    const waitedMs = performance.now() - startedAt
    expect(waitedMs).toBeGreaterThan(2_990)
    clearInterval(ticking)
    longestPauseMs = Math.max(longestPauseMs, performance.now() - lastTick)
    // By its own share: on a machine that is overrun all of it takes longer.
    expect(longestPauseMs).toBeLessThan(waitedMs / 2)
    expect(await catalog.jobs.get(job.id)).toBeNull()
    await expect(catalog.jobs.markChecked([job.id])).rejects.toMatchObject({ code: 'CatalogBusy' })
    other.exec('commit')
    other.close()
    expect((await catalog.jobs.list({ owner: null, limit: 1 })).items).toEqual([])
    expect(await catalog.jobs.acceptOrMatch([job])).toMatchObject({ items: [{ deduplicated: false }] })
    await catalog.close()
  })

  it('is waited for when it is freed in time', async () => {
    const catalog = await openCatalog(config, { busyTimeoutMs: 10_000 })
    const other = new Libsql(join(config.dataDir, 'catalog.db'))
    other.exec('begin immediate')
    const accepting = catalog.jobs.acceptOrMatch([acceptedJob()])
    await delay(100)
    other.exec('commit')
    expect((await accepting).outcome).toBe('accepted')
    other.close()
    await catalog.close()
  })
})

describe('a MariaDB that is away', () => {
  it('is CatalogBusy: a row that stays locked, and a server that has gone', async () => {
    const database = await DATABASES[1].start()
    const config = await database.create()
    const catalog = await openCatalog(config, { busyTimeoutMs: 1_000 })
    const job = acceptedJob()
    await catalog.jobs.acceptOrMatch([job])
    const other = await createConnection(config.database.url ?? '')
    await other.beginTransaction()
    await other.query('select * from jobs for update')
    await expect(catalog.jobs.requestCancel(job.id)).rejects.toMatchObject({ code: 'CatalogBusy' })
    await other.rollback()
    expect(await catalog.jobs.requestCancel(job.id)).toMatchObject({ outcome: 'requested' })
    await other.end()
    await database.stop()
    await expect(catalog.jobs.get(job.id)).rejects.toMatchObject({ code: 'CatalogBusy' })
    await expect(catalog.jobs.acceptOrMatch([acceptedJob()])).rejects.toMatchObject({ code: 'CatalogBusy' })
    await expect(catalog.ping()).rejects.toMatchObject({ code: 'CatalogBusy' })
    await catalog.close()
  })
})
