import type { Knex } from 'knex'
import { ENDED_STATES } from '../contract/names.ts'
import { acceptOrMatch } from './accept-jobs.ts'
import { changeJob } from './change-job.ts'
import { withCatalogErrors } from './database-errors.ts'
import { createDispatchClaims } from './dispatch-claims.ts'
import { allows, type Intent } from './job-intents.ts'
import { toJobRow, type JobRecord, type JobRow } from './job-row.ts'
import type { JobEvent } from './job-transitions.ts'
import type { IntentOutcome, JobQueries } from './jobs.ts'
import { countJobs, listJobs } from './list-jobs.ts'
import { transact } from './transact.ts'

interface JobRemovalRecord {
  job_id: string
}

/** The queries of the jobs table. @param now epoch ms; another clock for tests */
export const createJobQueries = (knex: Knex, now: () => number = Date.now): JobQueries => {
  /** Applies an event to a job, whatever else happens to it at the same time. */
  const apply = (id: string, event: JobEvent) => changeJob(knex, id, event, now())

  const get = async (id: string): Promise<JobRow | null> => {
    const record = await knex<JobRecord>('jobs').where({ id }).first()
    return record === undefined ? null : toJobRow(record)
  }

  const wish = async (id: string, intent: Intent): Promise<IntentOutcome> => {
    const { before, after } = await apply(id, intent)
    if (before === null) return { outcome: 'missing', job: null }
    if (after === null) return { outcome: allows(before, intent) ? 'unchanged' : 'refused', job: before }
    return { outcome: after.intentPendingSince === null ? 'settled' : 'requested', job: after }
  }

  return withCatalogErrors<JobQueries>({
    ...createDispatchClaims(knex, now),
    acceptOrMatch: (jobs, idempotency = null) => acceptOrMatch(knex, jobs, idempotency, now()),
    get,
    getMany: async (ids) => {
      const records = await knex<JobRecord>('jobs').whereIn('id', ids)
      const rows = new Map(records.map((record) => [record.id, toJobRow(record)]))
      return ids.map((id) => rows.get(id)).filter((row) => row !== undefined)
    },
    list: (request) => listJobs(knex, request),
    countsByState: (filter) => countJobs(knex, filter),

    applyProjection: async (projection) => {
      const { after } = await apply(projection.jobId, { type: 'projected', projection })
      return after?.revision ?? null
    },
    requestCancel: (id) => wish(id, { type: 'cancelRequested' }),
    requestPause: (id) => wish(id, { type: 'pauseRequested' }),
    requestResume: (id) => wish(id, { type: 'resumeRequested' }),
    requestPriority: (id, priority) => wish(id, { type: 'priorityRequested', priority }),
    startNextRun: async (id) => {
      const { before, after } = await apply(id, { type: 'retried' })
      if (before === null) return { outcome: 'missing', job: null }
      return after === null ? { outcome: 'refused', job: before } : { outcome: 'restarted', job: after }
    },
    markEnded: async ({ id, ...ending }) => {
      const { after } = await apply(id, { type: 'ended', ...ending })
      return after?.revision ?? null
    },
    markLost: async ({ id, run }) => (await apply(id, { type: 'lost', run })).after,
    markReset: async ({ id, run, workflowRunId }) => {
      const { after } = await apply(id, { type: 'reset', run, workflowRunId })
      return after?.revision ?? null
    },
    noteProblem: async ({ id, run }, error) => {
      const { after } = await apply(id, { type: 'problem', run, error })
      return after?.revision ?? null
    },
    remove: async (id) => {
      const removed = await transact(knex, async (trx) => {
        const count = await trx<JobRecord>('jobs').where({ id }).whereIn('state', ENDED_STATES).delete()
        if (count > 0) await trx<JobRemovalRecord>('job_removals').insert({ job_id: id })
        return count > 0
      })
      if (removed) return { outcome: 'removed' }
      const job = await get(id)
      return job === null ? { outcome: 'missing' } : { outcome: 'refused', job }
    },
    removalsLeft: () => knex<JobRemovalRecord>('job_removals').pluck('job_id'),
    markRemoved: async (id) => {
      await knex<JobRemovalRecord>('job_removals').where({ job_id: id }).delete()
    },
  })
}
