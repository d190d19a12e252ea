import type { WorkflowClient } from '@temporalio/client'
import type { Logger } from 'pino'
import type { JobRow } from '../catalog/job-row.ts'
import type { JobQueries } from '../catalog/jobs.ts'
import { workflowIdOf } from '../contract/names.ts'
import { lookAfterJob } from './look-after-job.ts'
import type { Reachability } from './reachability.ts'
import { isAway, isNotFound } from './temporal-errors.ts'

export interface CancellerDeps {
  client: WorkflowClient
  jobs: Pick<JobQueries, 'cancelsToSignal' | 'markCancelSignalled' | 'markEnded' | 'markLost' | 'noteProblem'>
  log: Logger
  onChanged: (jobId: string, revision: number) => void
  reachability: Reachability
  /** Waits for a start that is under way; `withdrawn`: it never began, and the row is settled. */
  settleStart: (row: JobRow) => Promise<'sent' | 'withdrawn'>
}

export interface Canceller {
  cancel(row: JobRow): Promise<void>
  /** Signals those whose row still keeps the intent. */
  signalWaiting(): Promise<void>
  /** Ends when no cancellation is under way. */
  idle(): Promise<void>
}

const SIGNAL_TIMEOUT_MS = 5_000
const BATCH = 100

/** Carries the wish to cancel from the row to the workflow, as a request that waits for a worker where there is none. */
export const createCanceller = (deps: CancellerDeps): Canceller => {
  const { client, jobs, log, reachability, settleStart } = deps
  const underWay = new Set<Promise<void>>()

  const signal = async (row: JobRow): Promise<void> => {
    const handle = client.getHandle(workflowIdOf(row.kind, row.id, row.run))
    try {
      await client.withDeadline(Date.now() + SIGNAL_TIMEOUT_MS, () => handle.cancel())
      reachability.answered()
      await jobs.markCancelSignalled(row)
    } catch (error) {
      if (!isNotFound(error)) throw error
      // It never ran, or has closed already: the row takes over how.
      await lookAfterJob(deps, row)
    }
  }

  const attempt = async (row: JobRow): Promise<void> => {
    try {
      if ((await settleStart(row)) === 'sent' && reachability.isReachable()) await signal(row)
    } catch (error) {
      if (isAway(error)) reachability.lost(error)
      else log.error({ err: error, jobId: row.id }, 'cannot signal the cancellation; it is tried again')
    }
  }

  const cancel = (row: JobRow): Promise<void> => {
    const attempting = attempt(row).finally(() => underWay.delete(attempting))
    underWay.add(attempting)
    return attempting
  }

  return {
    cancel,
    signalWaiting: async () => {
      for (const row of await jobs.cancelsToSignal(BATCH)) {
        if (!reachability.isReachable()) return
        await cancel(row)
      }
    },
    idle: async () => {
      await Promise.all(underWay)
    },
  }
}
