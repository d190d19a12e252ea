import type { Job, Step } from '../../../contract/jobs.ts'
import { isEnded } from '../../../contract/names.ts'
import type { ProgressMessage, ServerMessage, StateMessage } from '../../../contract/socket.ts'

/** A job as the page knows it now: its newest revision, and the newest reading of each part of its steps. */
export interface LiveJob {
  job: Job
  readings: readonly ProgressMessage[]
}

export interface LiveState {
  jobs: ReadonlyMap<string, LiveJob>
  /** Jobs whose messages left a gap: somebody must load them whole. */
  wanted: ReadonlySet<string>
  /** Deleted jobs, so that an answer that was under way cannot bring them back. */
  removed: ReadonlySet<string>
}

/** What the socket says, and jobs that an HTTP call has brought. */
export type LiveEvent = ServerMessage | { type: 'loaded'; jobs: readonly Job[] }

export const emptyLiveState: LiveState = { jobs: new Map(), wanted: new Set(), removed: new Set() }

interface Draft {
  jobs: Map<string, LiveJob>
  wanted: Set<string>
  removed: Set<string>
}

const STEP_ENDED: readonly Step['state'][] = ['succeeded', 'failed', 'skipped', 'cancelled']
const stepHasEnded = (step: Step): boolean => STEP_ENDED.includes(step.state)

/** Readings of an attempt that a newer one has replaced say nothing any more, and neither does any while the job rests. */
const readingsOf = ({ state, steps }: Job, readings: readonly ProgressMessage[]): ProgressMessage[] =>
  state === 'paused' ? [] : readings.filter((reading) => !isReplaced(reading, steps))

/** A step has the number of the furthest of its parts: the others are at attempts of their own. */
const isReplaced = (reading: ProgressMessage, steps: readonly Step[]): boolean => {
  const step = steps.find((candidate) => candidate.name === reading.step)
  if (step === undefined || reading.attempt > step.attempt) return false
  if (step.state === 'pending' || stepHasEnded(step)) return step.state === 'pending' || reading.attempt < step.attempt
  return reading.part === null && reading.attempt < step.attempt
}

/**
 * A reading proves that its step runs: the row says `queued` until the step ends where nothing was written in between. After a
 * failure the step waits, until a reading of a later attempt comes.
 */
const stepsAsRead = (steps: readonly Step[], readings: readonly ProgressMessage[]): Step[] =>
  steps.map((step) => {
    if (step.state !== 'queued' && step.state !== 'pending') return step
    const isRead = (reading: ProgressMessage): boolean =>
      reading.step === step.name && (step.error === null || reading.attempt > step.attempt)
    return readings.some(isRead) ? { ...step, state: 'running' } : step
  })

const putWhole = (draft: Draft, job: Job): void => {
  if (draft.removed.has(job.id)) return
  const known = draft.jobs.get(job.id)
  if (known && job.revision < known.job.revision) return
  draft.wanted.delete(job.id)
  if (known?.job.run !== job.run) {
    draft.jobs.set(job.id, { job, readings: [] })
    return
  }
  // The row's percent is as old as its last change of state; readings that came since are ahead of it.
  const percent = isEnded(job.state) ? job.percent : furthest(job.percent, known.job.percent)
  const readings = readingsOf(job, known.readings)
  draft.jobs.set(job.id, { job: { ...job, percent, steps: stepsAsRead(job.steps, readings) }, readings })
}

const furthest = (one: number | null, other: number | null): number | null =>
  one === null || other === null ? (one ?? other) : Math.max(one, other)

const isStale = (entry: LiveJob, message: ProgressMessage): boolean => {
  if (isEnded(entry.job.state) || entry.job.state === 'paused') return true
  const step = entry.job.steps.find((candidate) => candidate.name === message.step)
  if (step && stepHasEnded(step) && message.attempt <= step.attempt) return true
  if (step && message.part === null && message.attempt < step.attempt) return true
  const known = entry.readings.find((reading) => reading.step === message.step && reading.part === message.part)
  if (!known) return false
  return message.attempt < known.attempt || (message.attempt === known.attempt && message.seq <= known.seq)
}

const putProgress = (draft: Draft, message: ProgressMessage): void => {
  const entry = draft.jobs.get(message.jobId)
  if (!entry || isStale(entry, message)) return
  const others = entry.readings.filter((reading) => reading.step !== message.step || reading.part !== message.part)
  const readings = [...others, message]
  // Only a step in one piece has the percent of its one part.
  const steps = entry.job.steps.map((step) =>
    message.part === null && step.name === message.step ? { ...step, percent: message.percent } : step,
  )
  draft.jobs.set(message.jobId, {
    job: { ...entry.job, steps: stepsAsRead(steps, readings), percent: message.jobPercent ?? entry.job.percent },
    readings,
  })
}

const putState = (draft: Draft, message: StateMessage): void => {
  if (draft.removed.has(message.jobId)) return
  const entry = draft.jobs.get(message.jobId)
  if (!entry) {
    draft.wanted.add(message.jobId)
    return
  }
  const known = entry.job
  // One change may touch several steps: each is told of by a message of its own with the same revision.
  if (message.revision < known.revision) return
  const changed = message.step
  const steps = changed ? known.steps.map((step) => (step.name === changed.name ? changed : step)) : known.steps
  const { revision, state, error, waitingFor } = message
  const runsAgain = isEnded(known.state) && !isEnded(state)
  const readings = runsAgain ? [] : readingsOf({ ...known, state, steps }, entry.readings)
  const percent = runsAgain ? null : known.percent
  const job = { ...known, revision, state, error, waitingFor, percent, steps: stepsAsRead(steps, readings) }
  draft.jobs.set(known.id, { job, readings })
  // A state message tells of one step. What else has changed (other steps, title, result) only the whole job says.
  const leftGap = revision > known.revision + 1
  const learnsTitle = known.source.title === null && changed?.state === 'succeeded'
  // What is wished of a job, and its priority, are in no message of their own.
  const isOfWishes = revision > known.revision && (state !== known.state || changed === null)
  if (leftGap || runsAgain || isEnded(state) || learnsTitle || isOfWishes) draft.wanted.add(known.id)
}

const remove = (draft: Draft, jobId: string): void => {
  draft.jobs.delete(jobId)
  draft.wanted.delete(jobId)
  draft.removed.add(jobId)
}

const apply = (draft: Draft, event: LiveEvent): void => {
  switch (event.type) {
    case 'snapshot':
      return putWhole(draft, event.job)
    case 'loaded':
      return event.jobs.forEach((job) => putWhole(draft, job))
    case 'progress':
      return putProgress(draft, event)
    case 'state':
      return putState(draft, event)
    case 'removed':
      return remove(draft, event.jobId)
    case 'subscribed':
      return event.rejected.forEach(({ id }) => remove(draft, id))
    case 'pong':
    case 'error':
      return
  }
}

/**
 * The state after `events`, in order. Messages that an older one has overtaken change nothing: a job by its `revision`, a
 * reading by its `attempt` and `seq`, so that replaying, reordering and doubling messages are harmless.
 */
export const reduceLive = (state: LiveState, events: readonly LiveEvent[]): LiveState => {
  const draft: Draft = { jobs: new Map(state.jobs), wanted: new Set(state.wanted), removed: new Set(state.removed) }
  for (const event of events) apply(draft, event)
  return draft
}

/** The jobs are being loaded by whoever asked {@link LiveState.wanted}. */
export const withoutWanted = (state: LiveState): LiveState => ({ ...state, wanted: new Set() })
