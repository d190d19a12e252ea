import type { Knex } from 'knex'
import { ENDED_STATES, JOB_STATES, type JobState } from '../contract/names.ts'
import { changeJob } from './change-job.ts'
import { toJobRow, type JobRecord, type JobRow } from './job-row.ts'
import type { JobQueries, JobRunRef } from './jobs.ts'
import { transact } from './transact.ts'

/**
 * A dispatcher that has had a job for so long without a word has died: a start takes milliseconds, its own time limit 10 s. So has one
 * that took it as long from now: the clock was set back.
 */
export const CLAIM_TTL_MS = 30_000

/** What was written at a time that is still to come was written before the clock was set back. */
const AHEAD_MS = 60_000

const LIVE_STATES: readonly JobState[] = JOB_STATES.filter(
  (state) => !(ENDED_STATES as readonly JobState[]).includes(state),
)

type DispatchClaims = Pick<
  JobQueries,
  | 'claimForDispatch'
  | 'markStarted'
  | 'releaseDispatch'
  | 'intentsToPassOn'
  | 'markPassedOn'
  | 'quietSince'
  | 'markChecked'
>

/**
 * Who has which job in hand between acceptance and Temporal. None of it is seen by clients, so none of it changes the
 * revision.
 */
export const createDispatchClaims = (knex: Knex, now: () => number): DispatchClaims => ({
  claimForDispatch: async (limit) => {
    // A look without a write lock first: mostly there is nothing to take.
    if ((await claimable(knex, now()).limit(1)).length === 0) return []
    return transact(knex, async (trx) => {
      const query = claimable(trx, now()).orderBy('priority').orderBy('id').limit(limit).forUpdate()
      // Two dispatchers on MySQL take different jobs instead of waiting for each other; SQLite knows one writer only.
      if (isMysql(knex)) query.skipLocked()
      const rows = (await query).map(toJobRow)
      const dispatchedAt = now()
      const ids = rows.map(({ id }) => id)
      if (ids.length > 0) await trx<JobRecord>('jobs').whereIn('id', ids).update({ dispatched_at: dispatchedAt })
      return rows.map((row): JobRow => ({ ...row, dispatchedAt }))
    })
  },

  markStarted: async (jobs) => {
    const startedAt = now()
    for (const [run, ids] of byRun(jobs)) {
      await knex<JobRecord>('jobs').whereIn('id', ids).where({ run }).update({ started_at: startedAt })
    }
  },

  releaseDispatch: async (jobs) => {
    const settled: JobRow[] = []
    for (const [run, ids] of byRun(jobs)) {
      await knex<JobRecord>('jobs')
        .whereIn('id', ids)
        .where({ run, state: 'accepted', started_at: null })
        .update({ dispatched_at: null })
      const wishedFor = await knex<JobRecord>('jobs')
        .whereIn('id', ids)
        .where({ run, state: 'accepted', dispatched_at: null })
        .whereNotNull('intent_pending_since')
        .select('id')
      for (const { id } of wishedFor) {
        const { after } = await changeJob(knex, id, { type: 'lost', run }, now())
        if (after !== null) settled.push(after)
      }
    }
    return settled
  },

  intentsToPassOn: async (limit) => {
    const records = await knex<JobRecord>('jobs')
      .whereNotNull('intent_pending_since')
      .where(
        (reachable) =>
          void reachable
            .whereNotNull('started_at')
            .orWhereNot('state', 'accepted')
            .orWhereNull('dispatched_at')
            .orWhere('dispatched_at', '<', now() - CLAIM_TTL_MS)
            .orWhere('dispatched_at', '>', now() + CLAIM_TTL_MS),
      )
      .orderBy('intent_pending_since')
      .limit(limit)
    return records.map(toJobRow)
  },

  markPassedOn: async ({ id, run, intentPendingSince }) => {
    // What was wished since is still to be told.
    await knex<JobRecord>('jobs')
      .where({ id, run, intent_pending_since: intentPendingSince })
      .update({ intent_pending_since: null })
  },

  quietSince: async (before, limit) => {
    const records = await knex<JobRecord>('jobs')
      .whereIn('state', LIVE_STATES)
      .where((quiet) => void quiet.where('updated_at', '<', before).orWhere('updated_at', '>', now() + AHEAD_MS))
      .where(
        (unseen) =>
          void unseen
            .whereNull('checked_at')
            .orWhere('checked_at', '<', before)
            .orWhere('checked_at', '>', now() + AHEAD_MS),
      )
      // Temporal has nothing to say of the others; dispatchers look after them, or they were paused before they began.
      .where(
        (known) =>
          void known
            .whereNotNull('started_at')
            .orWhereNotNull('workflow_run_ids')
            .orWhereNotIn('state', ['accepted', 'paused'])
            .orWhere((begun) => void begun.where({ state: 'paused' }).whereNotNull('dispatched_at')),
      )
      .orderBy('updated_at')
      .limit(limit)
    return records.map(toJobRow)
  },

  markChecked: async (ids) => {
    if (ids.length > 0) await knex<JobRecord>('jobs').whereIn('id', ids).update({ checked_at: now() })
  },
})

const isMysql = (knex: Knex): boolean => (knex.client as { dialect: string }).dialect === 'mysql'

/** Those to be cancelled are not started: the sweep finds that Temporal does not know them. */
const claimable = (knex: Knex, now: number) =>
  knex<JobRecord>('jobs')
    .where({ state: 'accepted', started_at: null, cancel_requested: false })
    .where(
      (free) =>
        void free
          .whereNull('dispatched_at')
          .orWhere('dispatched_at', '<', now - CLAIM_TTL_MS)
          .orWhere('dispatched_at', '>', now + CLAIM_TTL_MS),
    )

const byRun = (jobs: JobRunRef[]): Map<number, string[]> => {
  const runs = new Map<number, string[]>()
  for (const { id, run } of jobs) runs.set(run, [...(runs.get(run) ?? []), id])
  return runs
}
