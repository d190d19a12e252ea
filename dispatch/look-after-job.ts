import type { WorkflowClient, WorkflowExecutionDescription } from '@temporalio/client'
import type { Logger } from 'pino'
import type { JobRow } from '../catalog/job-row.ts'
import type { JobQueries } from '../catalog/jobs.ts'
import { toFailure } from '../contract/failures.ts'
import type { JobResult } from '../contract/jobs.ts'
import { workflowIdOf } from '../contract/names.ts'
import { isNotFound, toWorkflowFailure } from './temporal-errors.ts'

export interface LookAfterDeps {
  client: WorkflowClient
  jobs: Pick<JobQueries, 'markEnded' | 'markLost' | 'noteProblem'>
  log: Logger
  /** A row has a new revision. */
  onChanged: (jobId: string, revision: number) => void
  /** Failures of a workflow task in a row after which a workflow counts as stuck. */
  stuckAfterAttempts?: number
}

const DESCRIBE_TIMEOUT_MS = 5_000
/** A workflow task is tried again at once where a worker died; so many failures in a row are a mistake in the code. */
const STUCK_AFTER_ATTEMPTS = 5
/** Set by the server on a workflow whose tasks keep failing, or come too late: workers that are busy or were killed are no problem of it. */
const PROBLEMS_ATTRIBUTE = 'TemporalReportedProblems'
const FAILED_TASK = 'category=WorkflowTaskFailed'

/** What the server says of the tasks of a workflow, as JSON; null where it says nothing. */
const problemsOf = ({ raw }: WorkflowExecutionDescription): string | null => {
  const said = raw.workflowExecutionInfo?.searchAttributes?.indexedFields?.[PROBLEMS_ATTRIBUTE]?.data
  return said ? Buffer.from(said).toString('utf8') : null
}

/**
 * Asks Temporal about a job that has not ended, and brings its row in line: what closed is ended, what is unknown is
 * dispatched again, what can't go on says so.
 * @throws gRPC errors where Temporal does not answer.
 */
export const lookAfterJob = async (deps: LookAfterDeps, job: JobRow): Promise<void> => {
  const { client, jobs, log } = deps
  const description = await describe(client, job)
  if (description === null) {
    log.warn({ jobId: job.id, run: job.run }, 'Temporal does not know this job')
    const lost = await jobs.markLost(job)
    if (lost !== null) deps.onChanged(lost.id, lost.revision)
    return
  }
  const status = description.status.name
  if (status === 'RUNNING' || status === 'PAUSED') return watchForProblems(deps, job, description)
  log.warn({ jobId: job.id, run: job.run, status }, 'the workflow of this job closed without its row')
  const revision = await jobs.markEnded({ id: job.id, run: job.run, ...(await outcomeOf(client, job, status)) })
  if (revision !== null) deps.onChanged(job.id, revision)
}

const handleOf = (client: WorkflowClient, job: JobRow) => client.getHandle(workflowIdOf(job.kind, job.id, job.run))

const describe = async (client: WorkflowClient, job: JobRow): Promise<WorkflowExecutionDescription | null> => {
  try {
    return await client.withDeadline(Date.now() + DESCRIBE_TIMEOUT_MS, () => handleOf(client, job).describe())
  } catch (error) {
    if (isNotFound(error)) return null
    throw error
  }
}

const watchForProblems = async (
  { client, jobs, log, onChanged, stuckAfterAttempts = STUCK_AFTER_ATTEMPTS }: LookAfterDeps,
  job: JobRow,
  description: WorkflowExecutionDescription,
): Promise<void> => {
  const attempt = description.raw.pendingWorkflowTask?.attempt ?? 0
  const problems = problemsOf(description)
  const stuck = problems === null ? attempt > stuckAfterAttempts : problems.includes(FAILED_TASK)
  if (!stuck && job.error?.code !== 'WorkflowStuck') return
  if (stuck) log.error({ jobId: job.id, run: job.run, attempt }, 'the workflow of this job cannot go on')
  if (stuck && job.cancelRequested) {
    // It will never hear the signal. The next look finds it closed.
    const ending = () => handleOf(client, job).terminate('cancelled, and unable to hear of it')
    await client.withDeadline(Date.now() + DESCRIBE_TIMEOUT_MS, ending)
    return
  }
  const revision = await jobs.noteProblem(job, stuck ? toFailure('WorkflowStuck', null, null) : null)
  if (revision !== null) onChanged(job.id, revision)
}

const outcomeOf = async (client: WorkflowClient, job: JobRow, status: string) => {
  switch (status) {
    case 'COMPLETED': {
      const result = (await resultOf(client, job)) as JobResult
      return { state: 'succeeded', error: null, result } as const
    }
    case 'FAILED':
      return { state: 'failed', error: await failureOf(client, job), result: null } as const
    case 'CANCELLED':
      return { state: 'cancelled', error: null, result: null } as const
    default:
      // An operator who ends what somebody wanted to be cancelled does just that.
      if (job.cancelRequested) return { state: 'cancelled', error: null, result: null } as const
      return { state: 'failed', error: toFailure('WorkflowTerminated', null, null), result: null } as const
  }
}

const resultOf = (client: WorkflowClient, job: JobRow): Promise<unknown> =>
  client.withDeadline(Date.now() + DESCRIBE_TIMEOUT_MS, () => handleOf(client, job).result())

const failureOf = async (client: WorkflowClient, job: JobRow) => {
  try {
    await resultOf(client, job)
  } catch (error) {
    return toWorkflowFailure(error).failure
  }
  return toFailure('Internal', null, null)
}
