import type { Failure } from '../contract/failures.ts'
import type { JobResult } from '../contract/jobs.ts'
import type { ENDED_STATES, JobKind, JobState } from '../contract/names.ts'
import type { JobOptions, PresetName } from '../contract/presets.ts'
import type { JobProjection } from '../contract/steps.ts'
import type { IdempotencyClaim } from './idempotency.ts'
import type { JobRow, JobSource } from './job-row.ts'

/** A job that passed validation and is about to be accepted. */
export interface AcceptedJob {
  /** UUIDv7. */
  id: string
  kind: JobKind
  owner: string
  source: JobSource
  preset: PresetName
  options: JobOptions
  priority: number
  /** A new job even where one with the same key is live or has its media. */
  force: boolean
  passthrough: string | null
  /** The normalised source with the settings that change the outcome, as any string; null: never matched. Compared per owner. */
  dedupeKey: string | null
  parentId: string | null
  /** Epoch milliseconds. */
  createdAt: number
}

export interface AcceptedItem {
  job: JobRow
  /** True where `job` was there already. */
  deduplicated: boolean
}

export type AcceptOutcome =
  /** One item for each given job, in order. */
  | { outcome: 'accepted'; items: AcceptedItem[] }
  /** The same key and body came before: the jobs of that time, in order; null for those deleted since. */
  | { outcome: 'replayed'; jobs: (JobRow | null)[] }
  /** The key came before with another body. */
  | { outcome: 'mismatch' }

/** `-`: newest first. */
export const JOB_SORTS = ['-createdAt', 'createdAt'] as const
export type JobSort = (typeof JOB_SORTS)[number]

export interface JobFilter {
  /** Null: everybody's. */
  owner: string | null
  states?: JobState[] | undefined
  kind?: JobKind | undefined
  /** Words searched for in title, address, file and site, whatever their case. */
  q?: string | undefined
  site?: string | undefined
  parent?: string | undefined
}
export interface JobListRequest extends JobFilter {
  /** Default: newest first. */
  sort?: JobSort | undefined
  /** 1–200. */
  limit: number
  cursor?: string | undefined
}
export interface Page<T> {
  items: T[]
  nextCursor: string | null
}

/**
 * `settled`: nobody has to be told; a job that goes on is claimed for dispatch by the caller. `requested`: tell the workflow.
 * `unchanged`: it is so already. `refused`: the state forbids it. `missing`: no such job.
 */
export type IntentOutcome =
  | { outcome: 'settled' | 'requested' | 'unchanged' | 'refused'; job: JobRow }
  | { outcome: 'missing'; job: null }
export type RetryOutcome = { outcome: 'restarted' | 'refused'; job: JobRow } | { outcome: 'missing'; job: null }
export type RemoveOutcome = { outcome: 'removed' } | { outcome: 'refused'; job: JobRow } | { outcome: 'missing' }

export type JobRunRef = Pick<JobRow, 'id' | 'run'>

export interface JobEnding extends JobRunRef {
  state: (typeof ENDED_STATES)[number]
  error: Failure | null
  result: JobResult | null
}

/**
 * Everything that is asked of the jobs table. All of it throws SluiceError `CatalogBusy` when the database is locked or away.
 */
export interface JobQueries {
  /**
   * One transaction: finds the jobs that are the same as one live, or succeeded with its media still there, and inserts the
   * others, claimed for dispatch by the caller (`dispatchedAt` is set). Two calls at once with the same key give one job.
   */
  acceptOrMatch(jobs: AcceptedJob[], idempotency?: IdempotencyClaim | null): Promise<AcceptOutcome>
  get(id: string): Promise<JobRow | null>
  /** In the order of `ids`; unknown ones are left out. */
  getMany(ids: string[]): Promise<JobRow[]>
  /** @throws SluiceError InvalidRequest for a cursor that this sort did not give. */
  list(request: JobListRequest): Promise<Page<JobRow>>
  countsByState(filter: { owner: string | null }): Promise<Record<JobState, number>>

  /** Takes accepted jobs that nobody has, or whose dispatcher went silent 30 s ago: urgent first, then oldest. */
  claimForDispatch(limit: number): Promise<JobRow[]>
  /** Temporal has the workflows of these jobs. */
  markStarted(jobs: JobRunRef[]): Promise<void>
  /**
   * Gives jobs back whose start certainly did not reach Temporal.
   * @returns those for which something was wished meanwhile, as that left them: cancelled, paused, of another priority.
   */
  releaseDispatch(jobs: JobRunRef[]): Promise<JobRow[]>
  /**
   * Temporal does not know the workflow of this run: back to `accepted`, or `cancelled` or `paused` where that was asked for.
   * @returns the row after it, or null where it had ended or is in another run.
   */
  markLost(job: JobRunRef): Promise<JobRow | null>

  /**
   * Writes what the workflow knows. Null, and nothing written: the row has ended, is in another run, or knows a newer version.
   * @returns the new revision.
   */
  applyProjection(projection: JobProjection): Promise<number | null>
  requestCancel(id: string): Promise<IntentOutcome>
  requestPause(id: string): Promise<IntentOutcome>
  /** Takes a pause back; what was paused before it began is then `accepted`. */
  requestResume(id: string): Promise<IntentOutcome>
  requestPriority(id: string, priority: number): Promise<IntentOutcome>
  /** Live jobs whose workflow is still to be told what is wished of them; not those whose start is under way. */
  intentsToPassOn(limit: number): Promise<JobRow[]>
  /** The workflow knows of what was wished up to this row's `intentPendingSince`. */
  markPassedOn(job: JobRunRef & Pick<JobRow, 'intentPendingSince'>): Promise<void>
  /** Retry: the next run, from `failed`, `cancelled` and `partial`. Claimed for dispatch by the caller. */
  startNextRun(id: string): Promise<RetryOutcome>
  /** Ends a job from outside its workflow. @returns the new revision, or null where it had ended or is in another run. */
  markEnded(ending: JobEnding): Promise<number | null>
  /** Shows a problem on a live job, or that it is over; so does the next projection. @returns the new revision, or null if nothing changed. */
  noteProblem(job: JobRunRef, error: Failure | null): Promise<number | null>
  /**
   * The workflow of this run goes on from an earlier point, under another id: the job runs, though it may have ended.
   * @returns the new revision, or null where that was known, or the row is in another run.
   */
  markReset(reset: JobRunRef & { workflowRunId: string }): Promise<number | null>
  /** Deletes an ended job; its media stay. That its own files are to go is kept in mind until {@link markRemoved}. */
  remove(id: string): Promise<RemoveOutcome>
  /** Ids of deleted jobs whose files may still be there. */
  removalsLeft(): Promise<string[]>
  /** The files of a deleted job are gone. */
  markRemoved(id: string): Promise<void>

  /** Live jobs that Temporal has and that neither changed nor were looked at since `before` (epoch ms), oldest first. */
  quietSince(before: number, limit: number): Promise<JobRow[]>
  markChecked(ids: string[]): Promise<void>
}
