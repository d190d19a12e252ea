import { activityInfo, cancellationSignal, Context } from '@temporalio/activity'
import { ApplicationFailure, CancelledFailure } from '@temporalio/common'
import type { Logger } from 'pino'
import type { Config } from '../config.ts'
import { FAILURES, SluiceError, type FailureDetails } from '../contract/failures.ts'
import type { HeartbeatDetails, ProgressSample, ToolProgress } from '../contract/progress.ts'
import type { DiskNeed } from '../contract/plan.ts'
import type { StepRef } from '../contract/steps.ts'
import type { StepMetrics } from '../observability/metrics.ts'
import type { JobWishes, ProgressPublisher } from '../progress/bus.ts'
import type { Room } from '../storage/room.ts'
import type { WorkStore } from '../storage/work-store.ts'
import { saysDiskFull } from '../tools/disk-full.ts'
import { openStepRoom } from './step-room.ts'
import { watchForStall } from './step-stall.ts'
import { listenForStop } from './stop-hint.ts'

/** What every activity that drives a tool is given. */
export interface StepDeps {
  config: Config
  store: WorkStore
  room: Room
  bus: ProgressPublisher
  wishes: JobWishes
  metrics: StepMetrics
  log: Logger
}

/** One attempt at one step, as its body sees it. */
export interface StepRun {
  /** Aborts with the activity's cancellation, or as soon as it is known to come; whatever starts a process hands it on and waits for the process to end. */
  signal: AbortSignal
  /** Carries job id, step, part and attempt in every line. */
  log: Logger
  /** Absolute path of this attempt's own folder, removed when the attempt ends. */
  scratchDir: string
  /** Absolute path of a folder in it, which the next attempt finds there should this one not succeed. Made by whoever uses it. */
  keptDir: string
  /** From 1, over all runs of this step within one run of the job. */
  attempt: number
  /** Ends the attempt because the job is to be cancelled, which Temporal has not heard of yet. @throws */
  stopAsCancelled(): never
  /** Lets the job have so much of the disk, all its files together. @throws SluiceError DiskFull where it has to wait. */
  reserve(need: DiskNeed): Promise<void>
  /** Publishes a reading at once; the newest one goes into the next heartbeat. Percent never runs backwards. */
  report(progress: ToolProgress): void
  /** A sign of life, of work that has nothing to report. What is written in the scratch folder is one by itself. */
  alive: () => void
  /** Files that change in this folder, too, are signs of life. */
  watchFolder(path: string): void
  /** What the next attempt should know; goes with every heartbeat from now on. Small and without secrets. */
  checkpoint(value: unknown): void
  /** The checkpoint of the attempt before, when the same activity is being retried; else null. */
  previousCheckpoint: unknown
}

/** Details of the failure that Temporal records and the workflow reads. */
export interface StepFailureDetails extends FailureDetails {
  attempt: number
}

/** A tool may be silent for minutes: the heartbeat goes on by the clock, so that cancellation is always heard. */
const HEARTBEAT_INTERVAL_MS = 1_000

/**
 * The one wrapper around every activity that drives a tool: cancellation, heartbeat with checkpoint, progress, log lines,
 * timing, scratch, failure translation.
 * @throws CancelledFailure when the activity was cancelled, after `body` has ended; ApplicationFailure, never retried by
 * Temporal and typed by `contract/failures.ts`, for everything else: the workflow decides about the next attempt.
 */
export const runStep = async <O>(deps: StepDeps, ref: StepRef, body: (run: StepRun) => Promise<O>): Promise<O> => {
  const info = activityInfo()
  const cancellation = cancellationSignal()
  const stop = listenForStop(deps.wishes, ref)
  const attempt = ref.attemptBase + info.attempt
  const log = deps.log.child({ jobId: ref.jobId, step: ref.step, part: ref.part ?? undefined, attempt })
  const previous = info.heartbeatDetails as HeartbeatDetails | undefined
  const details: HeartbeatDetails = { progress: null, checkpoint: previous?.checkpoint ?? null }
  const beat = () => Context.current().heartbeat(details)
  const timer = setInterval(beat, HEARTBEAT_INTERVAL_MS)
  const startedAt = performance.now()
  const stall = watchForStall(deps.config.worker.stallMs)
  const report = reporter(ref, attempt, (sample) => {
    details.progress = sample
    stall.alive()
    deps.bus.publish({ type: 'progress', sample })
  })
  const room = openStepRoom(deps.room, ref, info.workflowExecution?.workflowId ?? null)
  const explain = async (error: unknown): Promise<never> => {
    throw await room.explain(error, (thrown) => asFailure(thrown).code)
  }
  let outcome = 'succeeded'
  let revoked: AbortSignal | null = null
  try {
    beat()
    await room.admit()
    const lease = {
      jobId: ref.jobId,
      step: ref.step,
      part: ref.part,
      attempt,
      scheduledAt: info.currentAttemptScheduledTimestampMs,
      taskToken: Buffer.from(info.taskToken).toString('base64'),
    }
    const scratch = await deps.store.openScratch(lease).catch(explain)
    let succeeded = false
    revoked = scratch.revoked
    try {
      log.info('step started')
      // The first reading says that the step has left its queue.
      report({ percent: null, done: 0, total: null, unit: 'items', rate: null, etaMs: null })
      stall.watchFolder(scratch.dir)
      const work = body({
        signal: AbortSignal.any([stop.signal, scratch.revoked, room.signal, stall.signal]),
        log,
        scratchDir: scratch.dir,
        keptDir: scratch.keptDir,
        attempt,
        stopAsCancelled: () => stop.stopAsCancelled(),
        reserve: (need) => room.reserve(need),
        report,
        alive: () => stall.alive(),
        watchFolder: (path) => stall.watchFolder(path),
        checkpoint: (value) => {
          details.checkpoint = value
        },
        previousCheckpoint: details.checkpoint,
      })
      const output = await stall.during(work)
      succeeded = true
      return output
    } catch (error) {
      // While all of it is there: by that it is told who filled the disk.
      return await explain(error)
    } finally {
      await scratch.release({ succeeded })
    }
  } catch (error) {
    const thrown =
      revoked?.aborted === true
        ? superseded()
        : await stop.confirmed().then(
            () => toTemporalFailure(error, cancellation, attempt),
            (goesOn: ApplicationFailure) => goesOn,
          )
    outcome = thrown instanceof ApplicationFailure ? (thrown.type ?? 'Internal') : 'cancelled'
    log[outcome === 'cancelled' ? 'info' : 'warn']({ err: error, outcome }, 'step ended early')
    throw thrown
  } finally {
    clearInterval(timer)
    stop.close()
    room.close()
    const durationMs = performance.now() - startedAt
    deps.metrics.stepEnded({ step: ref.step, outcome, durationMs })
    if (outcome === 'succeeded') log.info({ durationMs: Math.round(durationMs) }, 'step succeeded')
  }
}

/** Numbers each reading and keeps percent from running backwards within the attempt. */
const reporter = (ref: StepRef, attempt: number, publish: (sample: ProgressSample) => void) => {
  let seq = 0
  let highest = 0
  return (progress: ToolProgress): void => {
    seq += 1
    if (progress.percent !== null) highest = Math.max(highest, Math.min(100, Math.round(progress.percent * 10) / 10))
    publish({
      ...progress,
      percent: progress.percent === null ? null : highest,
      jobId: ref.jobId,
      run: ref.run,
      step: ref.step,
      part: ref.part,
      share: ref.share,
      attempt,
      seq,
      at: Date.now(),
    })
  }
}

/** Nobody listens to it any more; should somebody, the attempt was ended by mistake and is made once more. */
const superseded = (): ApplicationFailure =>
  ApplicationFailure.retryable('a later attempt at the same work has begun', 'Superseded')

const toTemporalFailure = (error: unknown, signal: AbortSignal, attempt: number): Error => {
  if (signal.aborted) {
    // Handed back for the next worker: retried by Temporal at once, and no failure of the step.
    if (isShutdown(signal.reason)) return ApplicationFailure.retryable('the worker is stopping', 'WorkerShutdown')
    return new CancelledFailure('cancelled', [{ attempt }])
  }
  const known = asFailure(error)
  const details: StepFailureDetails = { ...known.details, attempt }
  return ApplicationFailure.create({
    type: known.code,
    message: known.message,
    // One counter for all kinds of failure would mix lost workers with broken tools, so the workflow counts per type.
    nonRetryable: true,
    details: [details],
    cause: error instanceof Error ? error : undefined,
  })
}

const asFailure = (error: unknown): SluiceError => (error instanceof SluiceError ? error : fromSystemError(error))

/** How the SDK cancels what still runs when the worker's grace time is over. */
const isShutdown = (reason: unknown): boolean =>
  reason instanceof CancelledFailure && reason.message === 'WORKER_SHUTDOWN'

/** Errors of the file system that a person can act on get their own type; the rest is our bug. */
const fromSystemError = (error: unknown): SluiceError => {
  const code = (error as NodeJS.ErrnoException | null)?.code
  if (saysDiskFull(`${code} ${String(error)}`))
    return new SluiceError('DiskFull', FAILURES.DiskFull.sentence, {}, error)
  if (code === 'EACCES' || code === 'EROFS' || code === 'EIO') {
    return new SluiceError('StorageUnavailable', FAILURES.StorageUnavailable.sentence, {}, error)
  }
  return new SluiceError('Internal', error instanceof Error ? error.message : String(error), {}, error)
}
