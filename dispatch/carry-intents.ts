import type { WorkflowClient } from '@temporalio/client'
import type { Logger } from 'pino'
import type { JobRow } from '../catalog/job-row.ts'
import type { JobQueries } from '../catalog/jobs.ts'
import { callTemporal } from './call-temporal.ts'
import { lookAfterJob } from './look-after-job.ts'
import type { OpenCalls } from './open-calls.ts'
import type { Reachability } from './reachability.ts'
import { isAway, isNotFound } from './temporal-errors.ts'
import { tellWorkflow } from './tell-workflow.ts'

export interface IntentCarrierDeps {
  client: WorkflowClient
  jobs: Pick<JobQueries, 'intentsToPassOn' | 'markPassedOn' | 'markEnded' | 'markLost' | 'noteProblem'>
  log: Logger
  onChanged: (jobId: string, revision: number) => void
  /** Tells workers what is wished of a job, so that its programs end even while Temporal is away. May be lost. */
  hint: (row: JobRow) => void
  reachability: Reachability
  openCalls: OpenCalls
  /** Waits for a start that is under way; `withdrawn`: it never began, and the row is settled. */
  settleStart: (row: JobRow) => Promise<'sent' | 'withdrawn'>
}

export interface IntentCarrier {
  carry(row: JobRow): Promise<void>
  /** Tells the workflows of those whose row still keeps an intent; workers alone while Temporal is away. */
  carryWaiting(): Promise<void>
  /** Ends when nothing is under way. */
  idle(): Promise<void>
}

const TELL_TIMEOUT_MS = 5_000
const BATCH = 100
/** The server takes about 100 signals a second; a thousand at once would all be answered too late. */
const TOLD_AT_ONCE = 16

/** Runs calls as they come, so many at once at most. */
const limitTo = (most: number): ((call: () => Promise<void>) => Promise<void>) => {
  const waiting: (() => void)[] = []
  let running = 0
  return async (call) => {
    if (running >= most) await new Promise<void>((go) => waiting.push(go))
    else running += 1
    try {
      await call()
    } finally {
      // The place goes on to the next one.
      const next = waiting.shift()
      if (next) next()
      else running -= 1
    }
  }
}

/** Carries what is wished of a job from its row to the workflow, as requests and signals that wait for a worker where there is none. */
export const createIntentCarrier = (deps: IntentCarrierDeps): IntentCarrier => {
  const { client, jobs, log, hint, reachability, settleStart, openCalls } = deps
  const underWay = new Set<Promise<void>>()
  const inTurn = limitTo(TOLD_AT_ONCE)

  const tell = async (row: JobRow): Promise<void> => {
    try {
      await callTemporal({ client, timeoutMs: TELL_TIMEOUT_MS, openCalls }, () => tellWorkflow(client, row))
      reachability.answered()
      await jobs.markPassedOn(row)
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
      else log.error({ err: error, jobId: row.id }, 'cannot pass on what is wished of this job; it is tried again')
    }
  }

  const carry = (row: JobRow): Promise<void> => {
    // Ahead of its turn: programs end by it.
    hint(row)
    const attempting = inTurn(() => attempt(row)).finally(() => underWay.delete(attempting))
    underWay.add(attempting)
    return attempting
  }

  return {
    carry,
    carryWaiting: async () => {
      for (const row of await jobs.intentsToPassOn(BATCH)) {
        if (reachability.isReachable()) await carry(row)
        else hint(row)
      }
    },
    idle: async () => {
      await Promise.all(underWay)
    },
  }
}
