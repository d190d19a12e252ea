import { setTimeout as delay } from 'node:timers/promises'
import type { JobRow } from '../catalog/job-row.ts'
import type { JobQueries } from '../catalog/jobs.ts'
import { lookAfterJob, type LookAfterDeps } from './look-after-job.ts'
import { isAway } from './temporal-errors.ts'

export interface ReconcilerDeps extends LookAfterDeps {
  jobs: LookAfterDeps['jobs'] & Pick<JobQueries, 'quietSince' | 'markChecked'>
  intervalMs?: number
  /** How long a row must have been quiet before Temporal is asked about it. */
  quietMs?: number
}

export interface Reconciler {
  /** One round now, beside those of the clock; ends when it is done. */
  runOnce(): Promise<void>
  /** Ends the clock and waits for a round that is under way. */
  stop(): Promise<void>
}

const INTERVAL_MS = 30_000
const QUIET_MS = 60_000
/** Describing takes some 5 ms of the server: a round of so many is over within its interval. */
const ROWS_PER_ROUND = 500
const AT_ONCE = 4

/** Keeps rows true whose workflow has gone quiet. Visibility lags, so it describes each one. */
export const createReconciler = (deps: ReconcilerDeps): Reconciler => {
  const { jobs, log, intervalMs = INTERVAL_MS, quietMs = QUIET_MS } = deps
  const stopping = new AbortController()

  const look = async (rows: JobRow[]): Promise<void> => {
    for (let job = rows.shift(); job !== undefined && !stopping.signal.aborted; job = rows.shift()) {
      try {
        await lookAfterJob(deps, job)
        await jobs.markChecked([job.id])
      } catch (error) {
        // Nothing can be learned of the others either.
        if (isAway(error)) throw error
        log.error({ err: error, jobId: job.id }, 'cannot reconcile this job')
      }
    }
  }

  const runOnce = async (): Promise<void> => {
    const rows = await jobs.quietSince(Date.now() - quietMs, ROWS_PER_ROUND)
    await Promise.all(Array.from({ length: AT_ONCE }, () => look(rows)))
  }

  const loop = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      try {
        await delay(intervalMs, undefined, { signal: stopping.signal })
        await runOnce()
      } catch (error) {
        if (!stopping.signal.aborted) log.warn({ err: error }, 'cannot reconcile now')
      }
    }
  }

  const looping = loop()
  return {
    runOnce,
    stop: async () => {
      stopping.abort()
      await looping
    },
  }
}
