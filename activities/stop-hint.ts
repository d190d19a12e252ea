import { setTimeout as wait } from 'node:timers/promises'
import { cancellationSignal } from '@temporalio/activity'
import { ApplicationFailure, CancelledFailure } from '@temporalio/common'
import type { StepRef } from '../contract/steps.ts'
import type { JobWishes } from '../progress/bus.ts'
import { StopAtOnce } from '../tools/spawn-supervise.ts'

/** How an attempt hears that it is to stop: from Temporal, or ahead of it by a hint, which comes even while Temporal is away. */
export interface StopHint {
  /** Aborts at the first of both. */
  signal: AbortSignal
  /**
   * After a hint: ends when Temporal has said the same; at once without one. Only then is the activity over to Temporal too.
   * @throws ApplicationFailure, retried at once, where the wish was taken back meanwhile.
   */
  confirmed(): Promise<void>
  /** Hears of a cancellation in another way than by a hint, as one may have come between two attempts. @throws at once */
  stopAsCancelled(): never
  close(): void
}

/**
 * Temporal hears of a wish within a second, or when it is back. Past this something went wrong with the hint, and the work begins
 * again; if the wish still stands, the next hint is on its way.
 */
const CONFIRMATION_MS = 600_000

export const listenForStop = (wishes: JobWishes, { jobId, run }: Pick<StepRef, 'jobId' | 'run'>): StopHint => {
  const cancellation = cancellationSignal()
  const hinted = new AbortController()
  const takenBack = new AbortController()
  const forget = wishes.onWish((heard) => {
    if (heard.jobId !== jobId || heard.run !== run) return
    if (heard.wish === 'cancel') hinted.abort(new CancelledFailure('to be cancelled'))
    else if (heard.wish === 'pause') hinted.abort(new StopAtOnce('to be paused'))
    else if (hinted.signal.aborted) takenBack.abort()
  })
  return {
    signal: AbortSignal.any([cancellation, hinted.signal]),
    confirmed: async () => {
      if (!hinted.signal.aborted || cancellation.aborted) return
      await wait(CONFIRMATION_MS, undefined, { signal: AbortSignal.any([cancellation, takenBack.signal]) }).catch(
        () => undefined,
      )
      if (!cancellation.aborted) throw ApplicationFailure.retryable('the job goes on', 'GoesOn')
    },
    stopAsCancelled: () => {
      hinted.abort(new CancelledFailure('to be cancelled'))
      throw hinted.signal.reason
    },
    close: forget,
  }
}
