import type { Logger } from 'pino'
import { isEnded } from '../contract/names.ts'
import type { Catalog } from './catalog.ts'
import type { JobRow } from './job-row.ts'

/** Files between the steps of jobs. */
export interface JobFiles {
  listJobs(): Promise<string[]>
  removeJob(jobId: string): Promise<void>
  /** Takes back what it did not get to publish, and leaves the rest. */
  withdraw(jobId: string): Promise<void>
}

const INTERVAL_MS = 3_600_000
/** A job that has just ended may be run again at this moment. */
const QUIET_MS = 600_000
/** A job that failed is retried within a day, or its work is done anew. */
const KEPT_AFTER_FAILURE_MS = 24 * 3_600_000

/** Whether the files of an ended job are there for its retry, which goes on from what is finished. */
export const keepsFiles = ({ state, updatedAt }: Pick<JobRow, 'state' | 'updatedAt'>, now: number): boolean =>
  state === 'failed' && now - updatedAt < KEPT_AFTER_FAILURE_MS
/** Where others wait for its room, and then what is kept for a retry goes, too: it can be made again. */
const SHORT_QUIET_MS = 60_000

export interface Housekeeping {
  /** At once, and sooner after a job's end: for when the disk is full. */
  makeRoom(): Promise<void>
  stop(): void
}

/**
 * Removes what nobody needs any more, now and every hour: cached answers about sources, kept idempotency keys, and files of jobs
 * that ended without their workflow being able to clean up, as where an operator terminates it.
 */
export const startHousekeeping = (catalog: Catalog, files: JobFiles, log: Logger): Housekeeping => {
  const sweep = async (limits: { quietMs: number; keepsForRetry: boolean }): Promise<void> => {
    try {
      const now = Date.now()
      const removed = {
        answers: await catalog.infoCache.removeExpired(now),
        keys: await catalog.idempotency.removeExpired(now),
        jobs: await removeLeftFiles(catalog, files, { ...limits, now }),
      }
      log.debug(removed, 'removed what nobody needs any more')
    } catch (error) {
      log.warn({ err: error }, 'cannot remove what nobody needs any more; it is tried again in an hour')
    }
  }
  const usual = { quietMs: QUIET_MS, keepsForRetry: true }
  void sweep(usual)
  const timer = setInterval(() => void sweep(usual), INTERVAL_MS)
  // Nothing waits for it.
  timer.unref()
  return {
    makeRoom: () => sweep({ quietMs: SHORT_QUIET_MS, keepsForRetry: false }),
    stop: () => clearInterval(timer),
  }
}

/** What the catalog does not know is left alone: another catalog may. */
const removeLeftFiles = async (
  { jobs }: Catalog,
  files: JobFiles,
  { now, quietMs, keepsForRetry }: { now: number; quietMs: number; keepsForRetry: boolean },
): Promise<number> => {
  const rows = await jobs.getMany(await files.listJobs())
  const over = rows.filter(({ state, updatedAt }) => isEnded(state) && updatedAt < now - quietMs)
  const kept = over.filter((row) => keepsForRetry && keepsFiles(row, now))
  for (const row of over) await (kept.includes(row) ? files.withdraw(row.id) : files.removeJob(row.id))
  return over.length - kept.length
}
