import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, onTestFinished, vi } from 'vitest'
import { openCatalog } from '../../catalog/catalog.ts'
import { startHousekeeping } from '../../catalog/housekeeping.ts'
import type { Info } from '../../contract/media.ts'
import { createLogger } from '../../observability/log.ts'
import { createLocalWorkStore } from '../../storage/local-work-store.ts'
import { acceptedJob, openTestCatalog } from './catalog-databases.ts'

const WAIT = { timeout: 30_000 }

const open = async () => {
  const dataDir = await mkdtemp(join(tmpdir(), 'sluice-catalog-'))
  const config = { dataDir, database: { url: null, pool: 1 } }
  const catalog = await openCatalog(config)
  onTestFinished(async () => {
    await catalog.close()
    await rm(dataDir, { recursive: true, force: true })
  })
  const store = createLocalWorkStore(dataDir)
  const withdrawn: string[] = []
  const files = { ...store, withdraw: async (jobId: string) => void withdrawn.push(jobId) }
  return { config, catalog, store, files, withdrawn }
}
const quiet = createLogger('worker', 'silent')

it('removes expired answers and keeps the others', async () => {
  const { catalog, files } = await open()
  const info = { url: 'https://example.org/', title: 'A clip' } as Info
  await catalog.infoCache.put('expired', info, Date.now() - 1)
  await catalog.infoCache.put('fresh', info, Date.now() + 60_000)
  const housekeeping = startHousekeeping(catalog, files, quiet)
  onTestFinished(() => housekeeping.stop())
  // Asked as of long ago, when neither had expired.
  await vi.waitFor(async () => expect(await catalog.infoCache.get('expired', 0)).toBeNull(), WAIT)
  expect(await catalog.infoCache.get('fresh', 0)).toMatchObject({ title: 'A clip' })
})

it('removes the files of jobs that ended a while ago, of those that failed a day later, and of no others', async () => {
  const { config, catalog, store, files, withdrawn } = await open()
  const clock = { now: Date.now() - 25 * 3_600_000 }
  const { jobs, knex } = await openTestCatalog(config, clock)
  onTestFinished(() => knex.destroy())
  const [longFailed, over, failed, justOver] = [acceptedJob(), acceptedJob(), acceptedJob(), acceptedJob()]
  const running = acceptedJob()
  await jobs.acceptOrMatch([longFailed, over, failed, justOver, running])
  const end = async ({ id }: { id: string }, state: 'cancelled' | 'failed') =>
    expect(await jobs.markEnded({ id, run: 1, state, error: null, result: null })).not.toBeNull()
  await end(longFailed, 'failed')
  clock.now = Date.now() - 3_600_000
  await end(over, 'cancelled')
  await end(failed, 'failed')
  clock.now = Date.now()
  await end(justOver, 'cancelled')
  const others = [failed.id, justOver.id, running.id, 'unknown']
  for (const id of [longFailed.id, over.id, ...others])
    await mkdir(join(config.dataDir, 'work', id, 'kept'), { recursive: true })
  const housekeeping = startHousekeeping(catalog, files, quiet)
  onTestFinished(() => housekeeping.stop())
  await vi.waitFor(async () => expect((await store.listJobs()).toSorted()).toEqual(others.toSorted()), WAIT)
  expect(withdrawn).toEqual([failed.id])
})
