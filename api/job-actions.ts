import type { JobRow } from '../catalog/job-row.ts'
import type { IntentOutcome } from '../catalog/jobs.ts'
import type { JobAction } from '../contract/names.ts'
import type { ApiDeps } from './deps.ts'
import { Problem } from './http/problem.ts'
import { stateConflict } from './visible-job.ts'

/** What has been done to a job. */
export interface Acted {
  /** As it is now; null where it is gone. */
  job: JobRow | null
  /** Tells whoever has to know: workflow, dispatcher, watchers. Called once the client's answer is on its way. */
  tell: () => void
}

/**
 * Does something to a job that the caller may see; nobody is asked but the catalog.
 * @throws Problem StateConflict where its state forbids that, JobNotFound where it has gone meanwhile.
 */
export type ActOnJob = (deps: ApiDeps, job: JobRow) => Promise<Acted>

/** An intent: written into the row, and carried to the workflow where the job has one. */
const wish =
  (apply: (deps: ApiDeps, id: string) => Promise<IntentOutcome>): ActOnJob =>
  async (deps, { id }) => {
    const { outcome, job } = await apply(deps, id)
    if (outcome === 'missing') throw new Problem('JobNotFound')
    if (outcome === 'refused') throw stateConflict(job, refusalOf(job))
    return {
      job,
      tell: () => {
        if (outcome === 'requested') deps.dispatch.carry(job)
        // It was paused before it began.
        if (outcome === 'settled' && job.state === 'accepted' && job.dispatchedAt !== null) deps.dispatch.start([job])
        if (outcome !== 'unchanged') deps.changed(job)
      },
    }
  }

const refusalOf = ({ state, cancelRequested }: JobRow): string =>
  cancelRequested ? 'The job is being cancelled.' : `The job has ${state} already.`

const retry: ActOnJob = async (deps, { id }) => {
  const { outcome, job } = await deps.catalog.jobs.startNextRun(id)
  if (outcome === 'missing') throw new Problem('JobNotFound')
  if (outcome === 'refused') {
    throw stateConflict(job, `A job that is ${job.state} cannot be retried; one that failed or was cancelled can.`)
  }
  return {
    job,
    tell: () => {
      deps.dispatch.start([job])
      deps.changed(job)
    },
  }
}

const remove: ActOnJob = async (deps, row) => {
  const removal = await deps.catalog.jobs.remove(row.id)
  if (removal.outcome === 'missing') throw new Problem('JobNotFound')
  if (removal.outcome === 'refused')
    throw stateConflict(removal.job, `The job is ${removal.job.state}; cancel it first.`)
  await deps.removals
    .finishJob(row.id)
    .catch((error: unknown) =>
      deps.log.warn(
        { err: error, jobId: row.id },
        'cannot remove the files of a deleted job; it is tried again at the next start',
      ),
    )
  return { job: null, tell: () => deps.feed.onRemoved(row) }
}

export const ACTIONS: Record<Exclude<JobAction, 'prioritise'>, ActOnJob> = {
  cancel: wish((deps, id) => deps.catalog.jobs.requestCancel(id)),
  pause: wish((deps, id) => deps.catalog.jobs.requestPause(id)),
  resume: wish((deps, id) => deps.catalog.jobs.requestResume(id)),
  retry,
  delete: remove,
}

/** @param priority 1 (urgent) to 5 */
export const prioritise = (priority: number): ActOnJob =>
  wish((deps, id) => deps.catalog.jobs.requestPriority(id, priority))
