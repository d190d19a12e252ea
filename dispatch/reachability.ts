import { setTimeout as delay } from 'node:timers/promises'
import type { WorkflowClient } from '@temporalio/client'
import type { Logger } from 'pino'

export interface Reachability {
  /** What is known at present, without asking. */
  isReachable(): boolean
  /** Asks Temporal where nothing was heard of it lately. */
  check(): Promise<boolean>
  answered(): void
  /** A call got no answer: nothing is sent until a question is answered. */
  lost(error: unknown): void
}

export interface ReachabilityDeps {
  client: WorkflowClient
  log: Logger
  stopping: AbortSignal
  onReturn: () => void
}

/** An answer so recent says that the next call will be answered too. */
const FRESH_MS = 2_000
/** The server says who it is within milliseconds; the client's own retries fit in. */
const QUESTION_TIMEOUT_MS = 1_000
/** Between questions while Temporal is away: the longest that a job waits after its return. */
const ASK_EVERY_MS = 500

/** Whether Temporal answers. While it does not, it alone is asked, once at a time, and not every job by itself. */
export const createReachability = ({ client, log, stopping, onReturn }: ReachabilityDeps): Reachability => {
  // By a clock that nobody sets.
  let answeredAt = Number.NEGATIVE_INFINITY
  let reachable = true
  let asking: Promise<boolean> | null = null

  const question = async (): Promise<boolean> => {
    try {
      await client.withDeadline(Date.now() + QUESTION_TIMEOUT_MS, () => client.workflowService.getSystemInfo({}))
      answered()
      return true
    } catch (error) {
      lost(error)
      return false
    }
  }

  const answered = (): void => {
    answeredAt = performance.now()
  }

  const lost = (error: unknown): void => {
    if (!reachable || stopping.aborted) return
    reachable = false
    answeredAt = Number.NEGATIVE_INFINITY
    log.warn({ err: error }, 'Temporal does not answer; jobs wait')
    void waitForReturn()
  }

  const waitForReturn = async (): Promise<void> => {
    while (!stopping.aborted) {
      await delay(ASK_EVERY_MS, undefined, { signal: stopping }).catch(() => undefined)
      if (stopping.aborted || !(await question())) continue
      reachable = true
      log.info('Temporal answers again')
      return onReturn()
    }
  }

  return {
    isReachable: () => reachable,
    check: async () => {
      if (!reachable) return false
      if (performance.now() - answeredAt < FRESH_MS) return true
      asking ??= question().finally(() => {
        asking = null
      })
      return asking
    },
    answered,
    lost,
  }
}
