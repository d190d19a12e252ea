import {
  ActivityFailure,
  ApplicationFailure,
  CancellationScope,
  CancelledFailure,
  condition,
  defineQuery,
  isCancellation,
  setCurrentDetails,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow'
import { isFailureCode, toFailure, type Failure } from '../contract/failures.ts'
import { isEnded, QUERIES, type JobState, type StepName } from '../contract/names.ts'
import type { JobInput, JobProjection, StepRecord } from '../contract/steps.ts'
import { projectJob } from './activity-proxies.ts'
import { createJobPriority } from './job-priority.ts'
import { createQueue } from './one-at-a-time.ts'
import { createPauseGate, type PauseGate } from './pause-gate.ts'
import { createRoomGate, type RoomGate } from './room-gate.ts'
import { stepTable } from './step-table.ts'

/** What a query answers and the catalog is told: the job as the workflow knows it. */
export const statusQuery = defineQuery<JobProjection>(QUERIES.status)

export interface JobRun {
  readonly input: JobInput
  step(name: StepName): StepRecord
  /** Changes a step and tells the catalog. */
  setStep(name: StepName, change: Partial<StepRecord>): void
  setWeights(weights: Partial<Record<StepName, number>>): void
  setSource(source: { title: string | null; site: string | null }): void
  /** Calls a local activity; all of a job's go through here, one at a time. */
  locally<O>(call: () => Promise<O>): Promise<O>
  /** What runs for long goes through here: a pause cuts it off. */
  readonly gate: Pick<PauseGate, 'pass'>
  /** What ends for want of room on the disk waits here. */
  readonly room: Pick<RoomGate, 'during' | 'entry'>
  /** Options of an activity: what the Web UI calls it, and how urgent it is. */
  scheduling(summary: string): { summary: string; priority: { priorityKey: number } }
  /** Marks every step that has not begun as left out. */
  skipRest(): void
  /** Every step is to be done once more; what is finished is found by those that made it. */
  startOver(): void
  /** Attempts at a step before the job started over. */
  attemptsBefore(name: StepName): number
  /** Whether the job is no longer this workflow's: it ends, and leaves what the steps made to the one whose it is. */
  isDisowned(): boolean
}

/**
 * Runs `body` as the life of one job: projects each change into the catalog, answers the status query, keeps the Web UI's
 * details current, and records how it ended whatever happens.
 * @param weights expected share of each step in the job's cost, any unit; refined by `setWeights`.
 * @throws what `body` throws, after it has been recorded: a cancelled job ends as Cancelled, a failed one as Failed.
 */
export const runJob = async (
  input: JobInput,
  weights: Partial<Record<StepName, number>>,
  body: (run: JobRun) => Promise<{ mediaIds: string[]; reused: boolean }>,
): Promise<{ mediaIds: string[]; reused: boolean }> => {
  const status: JobProjection = {
    jobId: input.jobId,
    run: input.run,
    workflowRunId: workflowInfo().runId,
    version: 0,
    state: 'running',
    waitingFor: null,
    pauseRequested: false,
    priority: input.priority,
    heard: { pause: 0, priority: 0 },
    title: null,
    site: null,
    steps: Object.entries(weights).map(([name, weight]) => newStep(name as StepName, weight)),
    error: null,
    result: null,
  }
  const attemptsBefore = new Map<StepName, number>()
  const locally = createQueue()
  const whole = CancellationScope.current()
  // A job that the catalog has ended, or that runs again, has no more use for this workflow.
  const projector = createProjector(status, { locally, onRefused: () => whole.cancel() })
  const priority = createJobPriority(input.priority)
  const gate = createPauseGate()
  const room = createRoomGate()
  const heard = (): void => {
    if (isEnded(status.state)) return
    const error = gate.isPaused() ? null : room.reason()
    const state = gate.isPaused() ? 'paused' : error ? 'waiting' : 'running'
    const orders = { pause: gate.heard(), priority: priority.heard() }
    const wishes = { pauseRequested: gate.isWished(), priority: priority.current(), heard: orders }
    Object.assign(status, { state, waitingFor: error ? 'disk' : null, error, ...wishes })
    projector.changed()
  }
  const step = (name: StepName): StepRecord => {
    const record = status.steps.find((candidate) => candidate.name === name)
    if (!record) throw ApplicationFailure.nonRetryable(`this kind of job has no step ${name}`, 'Internal')
    return record
  }
  const end = (state: JobState, change: Partial<JobProjection>): Promise<void> => {
    Object.assign(status, change, { state, waitingFor: null, pauseRequested: false })
    return CancellationScope.nonCancellable(() => projector.finish())
  }
  setHandler(statusQuery, () => status)
  priority.listen(heard)
  gate.listen(heard)
  room.listen(heard)
  await projector.finish()
  // Cancelled between its acceptance and its start: the catalog has settled it, and nobody waits for its media.
  if (!projector.isKnown()) return { mediaIds: [], reused: false }

  try {
    const result = await body({
      input,
      step,
      locally,
      gate,
      room,
      scheduling: (summary) => ({ summary, priority: { priorityKey: priority.current() } }),
      setStep: (name, change) => {
        Object.assign(step(name), change)
        projector.changed()
      },
      setWeights: (refined) => {
        for (const [name, weight] of Object.entries(refined)) step(name as StepName).weight = weight
      },
      setSource: (source) => {
        Object.assign(status, source)
        projector.changed()
      },
      skipRest: () => {
        for (const record of status.steps) if (record.state === 'pending') record.state = 'skipped'
        projector.changed()
      },
      startOver: () => {
        for (const record of status.steps) {
          attemptsBefore.set(record.name, record.attempt)
          Object.assign(record, { ...newStep(record.name, record.weight), attempt: record.attempt })
        }
        projector.changed()
      },
      attemptsBefore: (name) => attemptsBefore.get(name) ?? 0,
      isDisowned: () => projector.isRefused(),
    })
    await end('succeeded', { result })
    return result
  } catch (error) {
    // An activity whose worker dies after it was asked to stop ends as a failure, which nobody wants to hear of.
    const cancelled = isCancellation(error) || CancellationScope.current().consideredCancelled
    for (const record of status.steps) {
      if (record.state === 'running' || record.state === 'queued') {
        Object.assign(record, { state: 'cancelled', endedAt: Date.now() })
      } else if (record.state === 'pending') record.state = 'skipped'
    }
    await end(cancelled ? 'cancelled' : 'failed', { error: cancelled ? null : failureOf(error, failedStep(status)) })
    if (projector.isRefused()) throw ApplicationFailure.nonRetryable(DISOWNED, 'Disowned')
    throw cancelled && !isCancellation(error) ? new CancelledFailure('cancelled') : error
  }
}

const DISOWNED = 'The job has ended, or another workflow has it: what is left to do here is not wanted any more.'

const newStep = (name: StepName, weight: number): StepRecord => ({
  name,
  state: 'pending',
  percent: null,
  attempt: 0,
  startedAt: null,
  endedAt: null,
  error: null,
  weight,
})

const failedStep = (status: JobProjection): StepName | null =>
  status.steps.find((record) => record.state === 'failed')?.name ?? null

/** The client's view of what an activity or the workflow itself threw. */
export const failureOf = (error: unknown, step: StepName | null): Failure => {
  const cause = error instanceof ActivityFailure ? error.cause : error
  if (cause instanceof ApplicationFailure && isFailureCode(cause.type))
    return toFailure(cause.type, cause.message, step)
  return toFailure('Internal', cause instanceof Error ? cause.message : null, step)
}

/**
 * Resolves once all that can go on at this point of the history has done so: conditions are looked at again only then. The end
 * of a step and the beginning of the next are so one change.
 */
const allHasGoneOn = (): Promise<void> => {
  let looks = 0
  return CancellationScope.nonCancellable(() =>
    condition(() => {
      looks += 1
      return looks > 1
    }),
  )
}

/**
 * Writes the newest status to the catalog, one write at a time: changes that come together or during a write are written
 * together. No step waits for it, but Temporal hears of the next one only after it, so each write that is saved is felt.
 */
const createProjector = (
  status: JobProjection,
  { locally, onRefused }: { locally: JobRun['locally']; onRefused: () => void },
) => {
  let dirty = false
  let writing: Promise<void> | null = null
  let known = false
  let refused = false
  const write = async (): Promise<void> => {
    await allHasGoneOn()
    while (dirty) {
      const written = await locally(() => {
        dirty = false
        status.version += 1
        setCurrentDetails(stepTable(status))
        // Cancelling the job must not cancel the record of it.
        return CancellationScope.nonCancellable(() => projectJob(structuredCloneOf(status)))
      })
      if (known && !written && !isEnded(status.state)) {
        refused = true
        onRefused()
      }
      known ||= written
    }
    writing = null
  }
  const changed = (): void => {
    dirty = true
    writing ??= write()
  }
  return {
    changed,
    /** Whether the catalog has taken any projection of this run. */
    isKnown: () => known,
    /** Whether the catalog took projections of this run, and takes none any more. */
    isRefused: () => refused,
    finish: async (): Promise<void> => {
      changed()
      while (writing !== null) await writing
    },
  }
}

/** Arguments are serialised when the command is made, later than the call: later changes must not leak into them. */
const structuredCloneOf = (status: JobProjection): JobProjection => ({
  ...status,
  steps: status.steps.map((record) => ({ ...record })),
})
