import { ActivityFailure, ApplicationFailure, isCancellation, sleep } from '@temporalio/workflow'
import { FAILURES, isFailureCode, type Failure, type FailureCode, type FailureDetails } from '../contract/failures.ts'
import type { StepName } from '../contract/names.ts'
import type { StepRef } from '../contract/steps.ts'
import { failureOf, type JobRun } from './job-run.ts'
import type { RoomEntry } from './room-gate.ts'

/** One of the pieces that a step may consist of. */
export interface Part {
  /** `1080p/3`, `audio`; null for a step in one piece. */
  name: string | null
  /** Fraction of the step's work, 0–1. */
  share: number
}

const WHOLE: Part = { name: null, share: 1 }

/** The source may ask for any wait; past an hour a person should hear of it instead. */
const LONGEST_WAIT_MS = 3_600_000

/**
 * Carries out one step in one piece: queued, attempted, attempted again as its failures allow, and recorded.
 * @throws what the last attempt threw; CancelledFailure when the job was cancelled.
 */
export const runStep = <O>(run: JobRun, name: StepName, call: (ref: StepRef) => Promise<O>): Promise<O> =>
  runParts(run, name, () => attemptPart(run, name, WHOLE, call))

/** Carries out a step of several parts side by side, each by {@link attemptPart}. */
export const runParts = async <O>(run: JobRun, name: StepName, parts: () => Promise<O>): Promise<O> => {
  run.setStep(name, { state: 'queued', startedAt: Date.now(), percent: null })
  try {
    const output = await parts()
    run.setStep(name, { state: 'succeeded', percent: 100, endedAt: Date.now(), error: null })
    return output
  } catch (error) {
    // Its input is made again, and then it goes on: that is no failure of the step.
    if (!isCancellation(error) && !isInputGone(error)) {
      run.setStep(name, { state: 'failed', endedAt: Date.now(), error: failureOf(error, name) })
    }
    throw error
  }
}

/**
 * Attempts one part until it succeeds or its failures say that trying again is of no use. An attempt that a pause cut off is
 * followed by another when the job goes on, and counts as no failure.
 */
export const attemptPart = async <O>(
  run: JobRun,
  step: StepName,
  part: Part,
  call: (ref: StepRef) => Promise<O>,
): Promise<O> => {
  const tries = new Map<FailureCode, number>()
  let attemptBase = run.attemptsBefore(step)
  const room = run.room.entry()
  for (;;) {
    run.setStep(step, { state: 'queued', attempt: Math.max(run.step(step).attempt, attemptBase + 1) })
    try {
      const { jobId, run: runNumber } = run.input
      const ref: StepRef = { jobId, run: runNumber, step, part: part.name, share: part.share, attemptBase }
      room.tried()
      const attempted = await run.gate.pass(() => call(ref))
      if (!attempted.paused) return attempted.value
      attemptBase = Math.max(attempted.attempt ?? 0, attemptBase + 1)
    } catch (error) {
      const failed = toolFailureOf(error)
      if (!failed || failed.missingKey !== undefined) throw error
      const policy = FAILURES[failed.code]
      const tried = (tries.get(failed.code) ?? 0) + 1
      tries.set(failed.code, tried)
      if (!policy.retryable || tried >= policy.tries) throw error
      attemptBase = Math.max(failed.attempt, attemptBase + 1)
      // Already the next attempt's number: readings of the failed one must not make the wait look like work.
      run.setStep(step, { state: 'queued', attempt: attemptBase + 1, error: failureOf(error, step) })
      if (failed.code === 'DiskFull') {
        room.refused()
        await waitForRoom(run, room, failureOf(error, step))
        continue
      }
      const delayMs = Math.min(policy.firstDelayMs * 2 ** (tried - 1), policy.maxDelayMs)
      await waitOut(run, Math.min(failed.retryAfterMs ?? delayMs, LONGEST_WAIT_MS))
    }
  }
}

interface ToolFailure extends Pick<FailureDetails, 'missingKey'> {
  code: FailureCode
  attempt: number
  retryAfterMs: number | null
}

/** That may take any time, and is no failure. */
const waitForRoom = (run: JobRun, room: RoomEntry, reason: Failure): Promise<void> =>
  run.room.during(reason, async () => {
    while ((await run.gate.pass(() => room.opened())).paused);
  })

/** The clock goes on during a pause: what is left of the wait then is all there is to wait. */
const waitOut = async (run: JobRun, delayMs: number): Promise<void> => {
  const until = Date.now() + delayMs
  while ((await run.gate.pass(() => sleep(Math.max(0, until - Date.now())))).paused);
}

/** The typed failure an activity ended with; null for cancellation and for what is no tool's doing. */
const toolFailureOf = (error: unknown): ToolFailure | null => {
  if (isCancellation(error) || !(error instanceof ActivityFailure)) return null
  const { cause } = error
  if (!(cause instanceof ApplicationFailure) || !isFailureCode(cause.type)) return null
  const details = cause.details?.[0] as (FailureDetails & { attempt?: number }) | undefined
  return {
    code: cause.type,
    attempt: details?.attempt ?? 0,
    retryAfterMs: details?.retryAfterMs ?? null,
    missingKey: details?.missingKey,
  }
}

/** Whether a step missed what an earlier one had made. */
export const isInputGone = (error: unknown): boolean => toolFailureOf(error)?.missingKey !== undefined
