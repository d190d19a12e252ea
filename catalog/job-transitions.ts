import type { Failure } from '../contract/failures.ts'
import type { JobResult } from '../contract/jobs.ts'
import { isEnded, RETRYABLE_STATES, STEP_NAMES, type ENDED_STATES, type JobState } from '../contract/names.ts'
import type { JobProjection, StepRecord } from '../contract/steps.ts'
import { afterIntent, timeOfIntent, type Intent } from './job-intents.ts'
import type { JobRow } from './job-row.ts'

type Ended = (typeof ENDED_STATES)[number]

/** Everything that can happen to a job. `run`: what is said of another run than the present one is out of date. */
export type JobEvent =
  | { type: 'projected'; projection: JobProjection }
  | Intent
  /** From outside the workflow: by the reconciler. */
  | { type: 'ended'; run: number; state: Ended; error: Failure | null; result: JobResult | null }
  /** Temporal does not know the workflow of this run. */
  | { type: 'lost'; run: number }
  | { type: 'problem'; run: number; error: Failure | null }
  /** An operator let the workflow of this run go on from an earlier point, as another execution. */
  | { type: 'reset'; run: number; workflowRunId: string }
  | { type: 'retried' }

/**
 * Where the workflow may lead from each state. Only `retried` and a reset lead out of an ended state; `lost`, and going on with a job that
 * was paused before it began, lead back to the beginning.
 */
const NEXT: Record<JobState, readonly JobState[]> = {
  accepted: ['accepted', 'running', 'paused', 'waiting', 'succeeded', 'partial', 'failed', 'cancelled'],
  running: ['running', 'paused', 'waiting', 'succeeded', 'partial', 'failed', 'cancelled'],
  paused: ['running', 'paused', 'waiting', 'succeeded', 'partial', 'failed', 'cancelled'],
  waiting: ['running', 'paused', 'waiting', 'succeeded', 'partial', 'failed', 'cancelled'],
  succeeded: [],
  partial: [],
  failed: [],
  cancelled: [],
}

/** Whether the workflow may say that a job in state `from` is now in state `to`. */
export const canBecome = (from: JobState, to: JobState): boolean => NEXT[from].includes(to)

export const canRetry = (state: JobState): boolean => (RETRYABLE_STATES as readonly JobState[]).includes(state)

/** Whether a job in this state answers a second submission of the same; media of succeeded ones must still be there. */
export const canMatch = (state: JobState): boolean => !isEnded(state) || state === 'succeeded'

export const pendingSteps = (): StepRecord[] =>
  STEP_NAMES.map((name) => ({
    name,
    state: 'pending',
    percent: null,
    attempt: 0,
    startedAt: null,
    endedAt: null,
    error: null,
    weight: 0,
  }))

/**
 * The row after an event, its revision one higher; null where the event changes nothing or comes too late.
 * @param now epoch ms
 */
export const afterEvent = (row: JobRow, event: JobEvent, now: number): JobRow | null => {
  const change = changeBy(row, event, now)
  return change === null ? null : { ...row, ...change, revision: row.revision + 1, updatedAt: now }
}

const changeBy = (row: JobRow, event: JobEvent, now: number): Partial<JobRow> | null => {
  switch (event.type) {
    case 'projected':
      return projected(row, event.projection, now)
    case 'cancelRequested':
    case 'pauseRequested':
    case 'resumeRequested':
    case 'priorityRequested':
      return afterIntent(row, event, { now, cancelNow: () => cancelledAtRest(row, now) })
    case 'ended':
      if (event.run !== row.run || isEnded(row.state)) return null
      return {
        ...ending(event.state, now),
        percent: event.state === 'succeeded' ? 100 : row.percent,
        error: event.error,
        result: event.result,
        steps: stopped(row.steps, now, event.state === 'succeeded' ? 'succeeded' : 'cancelled'),
      }
    case 'lost':
      if (event.run !== row.run || isEnded(row.state)) return null
      // Nobody is left who could be asked to stop, so it has.
      if (row.cancelRequested) return cancelledAtRest(row, now)
      return { ...restart, state: row.pauseRequested ? 'paused' : 'accepted', dispatchedAt: null }
    case 'problem':
      if (event.run !== row.run || isEnded(row.state) || row.error?.code === event.error?.code) return null
      return { error: event.error }
    case 'reset': {
      const known = knownBy(row, event.workflowRunId)
      return event.run === row.run && known === 'reset' ? afterReset(row, event.workflowRunId, now) : null
    }
    case 'retried':
      if (!canRetry(row.state)) return null
      return { ...restart, run: row.run + 1, cancelRequested: false, pauseRequested: false, dispatchedAt: now }
  }
}

const projected = (before: JobRow, projection: JobProjection, now: number): Partial<JobRow> | null => {
  if (projection.run !== before.run) return null
  const { workflowRunId } = projection
  const known = knownBy(before, workflowRunId)
  if (known === 'overtaken') return null
  const begun = known === 'reset' ? afterReset(before, workflowRunId, now) : { workflowRunIds: [workflowRunId] }
  const row: JobRow = known === 'present' ? before : { ...before, ...begun }
  if (projection.version <= row.projectionVersion) return null
  if (!canBecome(row.state, projection.state)) return null
  const end = isEnded(projection.state) ? ending(projection.state, now) : { state: projection.state }
  return {
    ...(known === 'present' ? {} : begun),
    ...wishesOf(row, projection),
    waitingFor: projection.waitingFor,
    ...end,
    projectionVersion: projection.version,
    percent: percentOf(row, projection),
    source: {
      ...row.source,
      title: projection.title ?? row.source.title,
      site: projection.site ?? row.source.site,
    },
    steps: projection.steps,
    error: projection.error,
    result: projection.result,
  }
}

const ALL_HEARD = { pause: Infinity, priority: Infinity }
const NONE_HEARD = { pause: -1, priority: -1 }

/**
 * What somebody wishes and the workflow has not heard of yet is newer than what the workflow says, also where the signal lies with
 * Temporal already. Workflows that began before they said what they had heard are taken at their word once they were told.
 */
const wishesOf = (row: JobRow, projection: JobProjection): Pick<JobRow, 'pauseRequested' | 'priority'> => {
  const isTold = row.intentPendingSince === null
  const { pause, priority } = projection.heard ?? (isTold ? ALL_HEARD : NONE_HEARD)
  const order = row.intentOrder ?? (isTold ? 0 : Infinity)
  return {
    pauseRequested: (pause >= order ? projection : row).pauseRequested,
    priority: (priority >= order ? projection : row).priority,
  }
}

/** `first`: none was heard of yet. `reset`: it follows those known. `overtaken`: another followed it. */
const knownBy = ({ workflowRunIds }: JobRow, workflowRunId: string): 'first' | 'present' | 'reset' | 'overtaken' => {
  if (workflowRunIds.length === 0) return 'first'
  if (workflowRunIds.at(-1) === workflowRunId) return 'present'
  return workflowRunIds.includes(workflowRunId) ? 'overtaken' : 'reset'
}

/**
 * A job whose workflow was reset runs, whatever it was before; what it has done by now it says itself. It is told once more what
 * is wished of it, unless that led to its end.
 */
const afterReset = (row: JobRow, workflowRunId: string, now: number) => {
  const wishes = row.cancelRequested || row.pauseRequested || row.intentPendingSince !== null
  const isWished = wishes && !isEnded(row.state)
  return {
    state: 'running',
    waitingFor: null,
    percent: 0,
    error: null,
    result: null,
    projectionVersion: 0,
    workflowRunIds: [...row.workflowRunIds, workflowRunId],
    cancelRequested: isWished && row.cancelRequested,
    intentPendingSince: isWished ? timeOfIntent(row, now) : null,
    intentOrder: isWished ? row.revision + 1 : null,
    endedAt: null,
  } satisfies Partial<JobRow>
}

const cancelledAtRest = (row: JobRow, now: number) => ({
  ...ending('cancelled', now),
  steps: stopped(row.steps, now),
})

const ending = (state: JobState, now: number) => ({
  state,
  waitingFor: null,
  pauseRequested: false,
  intentPendingSince: null,
  intentOrder: null,
  endedAt: now,
})

/** What a new run, or the same run in a new workflow, begins with. */
const restart = {
  state: 'accepted',
  waitingFor: null,
  percent: 0,
  steps: pendingSteps(),
  error: null,
  result: null,
  projectionVersion: 0,
  workflowRunIds: [] as string[],
  intentPendingSince: null,
  intentOrder: null,
  startedAt: null,
  endedAt: null,
} as const satisfies Partial<JobRow>

/** Steps of a job that ended without a word from its workflow. */
const stopped = (steps: StepRecord[], now: number, running: 'succeeded' | 'cancelled' = 'cancelled'): StepRecord[] =>
  steps.map((step) => {
    if (step.state === 'pending') return { ...step, state: 'skipped' }
    if (step.state !== 'running' && step.state !== 'queued') return step
    return { ...step, state: running, endedAt: now }
  })

/** Steps weighed by expected cost, one decimal; never less than before in this run. A job that fails stays where it was. */
const percentOf = (row: JobRow, { state, steps }: JobProjection): number | null => {
  if (state === 'succeeded') return 100
  if (isEnded(state)) return row.percent
  let total = 0
  let done = 0
  for (const { weight, state: step, percent } of steps) {
    total += weight
    done += weight * (step === 'succeeded' || step === 'skipped' ? 1 : (percent ?? 0) / 100)
  }
  if (total === 0) return row.percent
  return Math.max(row.percent ?? 0, Math.round((1_000 * done) / total) / 10)
}
