import type { WorkflowClient } from '@temporalio/client'
import type { Logger } from 'pino'
import type { JobRow } from '../catalog/job-row.ts'
import type { JobQueries } from '../catalog/jobs.ts'
import { workflowIdOf } from '../contract/names.ts'
import { callTemporal } from './call-temporal.ts'
import { lookAfterJob } from './look-after-job.ts'
import type { OpenCalls } from './open-calls.ts'
import type { Reachability } from './reachability.ts'
import { isAway, isNotFound } from './temporal-errors.ts'

export interface CancellerDeps {
  client: WorkflowClient
  jobs: Pick<JobQueries, 'cancelsToPassOn' | 'markCancelPassedOn' | 'markEnded' | 'markLost' | 'noteProblem'>
  log: Logger
  onChanged: (jobId: string, revision: number) => void
  reachability: Reachability
  openCalls: OpenCalls
  /** Waits for a start that is under way; `withdrawn`: it never began, and the row is settled. */
  settleStart: (row: JobRow) => Promise<'sent' | 'withdrawn'>
}

export interface Canceller {
  cancel(row: JobRow): Promise<void>
  /** Tells the workflows of those whose row still keeps the intent. */
  passOnWaiting(): Promise<void>
  /** Ends when no cancellation is under way. */
  idle(): Promise<void>
}

const CANCEL_TIMEOUT_MS = 5_000
const BATCH = 100

/** Carries the wish to cancel from the row to the workflow, as a request that waits for a worker where there is none. */
export const createCanceller = (deps: CancellerDeps): Canceller => {
  const { client, jobs, log, reachability, settleStart, openCalls } = deps
  const underWay = new Set<Promise<void>>()

  const tell = async (row: JobRow): Promise<void> => {
    const handle = client.getHandle(workflowIdOf(row.kind, row.id, row.run))
    try {
      await callTemporal({ client, timeoutMs: CANCEL_TIMEOUT_MS, openCalls }, () => handle.cancel())
      reachability.answered()
      await jobs.markCancelPassedOn(row)
    } catch (error) {
      if (!isNotFound(error)) throw error
      // It never ran, or has closed already: the row takes over how.
      await lookAfterJob(deps, row)
    }
  }

  const attempt = async (row: JobRow): Promise<void> => {
    try {
      if ((await settleStart(row)) === 'sent' && reachability.isReachable()) await tell(row)
    } catch (error) {
      if (isAway(error)) reachability.lost(error)
      else log.error({ err: error, jobId: row.id }, 'cannot pass the cancellation on; it is tried again')
    }
  }

  const cancel = (row: JobRow): Promise<void> => {
    const attempting = attempt(row).finally(() => underWay.delete(attempting))
    underWay.add(attempting)
    return attempting
  }

  return {
    cancel,
    passOnWaiting: async () => {
      for (const row of await jobs.cancelsToPassOn(BATCH)) {
        if (!reachability.isReachable()) return
        await cancel(row)
      }
    },
    idle: async () => {
      await Promise.all(underWay)
    },
  }
}
