import type { Logger } from 'pino'
import { isEnded } from '../contract/names.ts'
import type { Catalog } from './catalog.ts'

/** Files between the steps of jobs. */
export interface JobFiles {
  listJobs(): Promise<string[]>
  removeJob(jobId: string): Promise<void>
}

const INTERVAL_MS = 3_600_000
/** A job that has just ended may be run again at this moment. */
const QUIET_MS = 600_000

/**
 * Removes what nobody needs any more, now and every hour: cached answers about sources, kept idempotency keys, and files of jobs
 * that ended without their workflow being able to clean up, as where an operator terminates it.
 */
export const startHousekeeping = (catalog: Catalog, files: JobFiles, log: Logger): { stop(): void } => {
  const sweep = async (): Promise<void> => {
    try {
      const now = Date.now()
      const removed = {
        answers: await catalog.infoCache.removeExpired(now),
        keys: await catalog.idempotency.removeExpired(now),
        jobs: await removeLeftFiles(catalog, files, now - QUIET_MS),
      }
      log.debug(removed, 'removed what nobody needs any more')
    } catch (error) {
      log.warn({ err: error }, 'cannot remove what nobody needs any more; it is tried again in an hour')
    }
  }
  void sweep()
  const timer = setInterval(() => void sweep(), INTERVAL_MS)
  // Nothing waits for it.
  timer.unref()
  return { stop: () => clearInterval(timer) }
}

/** What the catalog does not know is left alone: another catalog may. */
const removeLeftFiles = async ({ jobs }: Catalog, files: JobFiles, endedBefore: number): Promise<number> => {
  const rows = await jobs.getMany(await files.listJobs())
  const over = rows.filter(({ state, updatedAt }) => isEnded(state) && updatedAt < endedBefore)
  for (const { id } of over) await files.removeJob(id)
  return over.length
}
