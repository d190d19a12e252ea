import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Knex } from 'knex'
import { hashOf } from './hash.ts'
import { claimIdempotencyKey, findIdempotencyClaim, type IdempotencyClaim } from './idempotency.ts'
import { toJobRow, toRecord, type JobRecord, type JobRow } from './job-row.ts'
import { canMatch, pendingSteps } from './job-transitions.ts'
import type { AcceptedItem, AcceptedJob, AcceptOutcome } from './jobs.ts'
import { transact } from './transact.ts'

/** Rows in one statement: about a millisecond of a synchronous database, after which others get their turn. */
const CHUNK = 50

/** Accepts jobs as one transaction; the promises are those of `JobQueries.acceptOrMatch`. @param now epoch ms */
export const acceptOrMatch = (
  knex: Knex,
  jobs: AcceptedJob[],
  idempotency: IdempotencyClaim | null,
  now: number,
): Promise<AcceptOutcome> =>
  transact(knex, async (trx) => {
    const earlier = idempotency && (await findIdempotencyClaim(trx, idempotency, now))
    if (earlier && earlier.bodyHash !== idempotency.bodyHash) return { outcome: 'mismatch' }
    if (earlier) return { outcome: 'replayed', jobs: await readInOrder(trx, earlier.jobIds) }
    const items: AcceptedItem[] = []
    for (let start = 0; start < jobs.length; start += CHUNK) {
      if (start > 0) await nextTurn()
      items.push(...(await acceptChunk(trx, jobs.slice(start, start + CHUNK), now)))
    }
    if (idempotency) {
      const jobIds = items.map(({ job }) => job.id)
      await claimIdempotencyKey(trx, idempotency, jobIds, now)
    }
    return { outcome: 'accepted', items }
  })

const acceptChunk = async (trx: Knex.Transaction, jobs: AcceptedJob[], now: number): Promise<AcceptedItem[]> => {
  const rows = jobs.map((job) => newRow(job, now))
  const { answers, heldKeys } = await findAnswers(trx, rows)
  const items = rows.map((row): AcceptedItem => {
    const known = row.dedupeKey === null || row.force ? undefined : answers.get(row.dedupeKey)
    if (known !== undefined) return { job: known, deduplicated: true }
    if (row.dedupeKey !== null) answers.set(row.dedupeKey, row)
    return { job: row, deduplicated: false }
  })
  const inserted = items.filter((item) => !item.deduplicated).map(({ job }) => job)
  // The newest answers from now on: a forced one takes the key from the one before it.
  const keys = inserted.map((row) => row.dedupeKey).filter((key) => key !== null && heldKeys.has(key))
  if (keys.length > 0) await trx<JobRecord>('jobs').whereIn('live_key', keys).update({ live_key: null })
  if (inserted.length > 0) {
    const holds = (row: JobRow): boolean => row.dedupeKey !== null && answers.get(row.dedupeKey) === row
    await trx<JobRecord>('jobs').insert(
      inserted.map((row) => ({ ...toRecord(row), live_key: holds(row) ? row.dedupeKey : null, checked_at: null })),
    )
  }
  return items
}

/** Jobs that answer for a key: live, or succeeded with all their media still there. Others may hold one without that. */
const findAnswers = async (
  trx: Knex.Transaction,
  rows: JobRow[],
): Promise<{ answers: Map<string, JobRow>; heldKeys: Set<string> }> => {
  const keys = [...new Set(rows.map((row) => row.dedupeKey).filter((key) => key !== null))]
  const holders = keys.length === 0 ? [] : (await trx<JobRecord>('jobs').whereIn('live_key', keys)).map(toJobRow)
  const mediaIds = holders.flatMap((row) => row.result?.mediaIds ?? [])
  const existing = mediaIds.length === 0 ? [] : await trx<{ id: string }>('media').whereIn('id', mediaIds).select('id')
  const exists = new Set(existing.map(({ id }) => id))
  const byKey = holders.map((row) => [row.dedupeKey ?? '', row] as const)
  const answering = byKey.filter(([, row]) => {
    if (row.state !== 'succeeded') return canMatch(row.state)
    const made = row.result?.mediaIds ?? []
    return made.length > 0 && made.every((id) => exists.has(id))
  })
  return { answers: new Map(answering), heldKeys: new Set(byKey.map(([key]) => key)) }
}

const newRow = (job: AcceptedJob, now: number): JobRow => ({
  id: job.id,
  kind: job.kind,
  state: 'accepted',
  waitingFor: null,
  cancelRequested: false,
  pauseRequested: false,
  intentPendingSince: null,
  intentOrder: null,
  percent: 0,
  preset: job.preset,
  options: job.options,
  priority: job.priority,
  force: job.force,
  source: job.source,
  dedupeKey: job.dedupeKey === null ? null : hashOf(job.owner, job.dedupeKey),
  passthrough: job.passthrough,
  steps: pendingSteps(),
  error: null,
  result: null,
  revision: 1,
  run: 1,
  projectionVersion: 0,
  workflowRunIds: [],
  owner: job.owner,
  parentId: job.parentId,
  dispatchedAt: now,
  startedAt: null,
  createdAt: job.createdAt,
  updatedAt: now,
  endedAt: null,
})

const readInOrder = async (trx: Knex.Transaction, ids: string[]): Promise<(JobRow | null)[]> => {
  const records = await trx<JobRecord>('jobs').whereIn('id', ids)
  const rows = new Map(records.map((record) => [record.id, toJobRow(record)]))
  return ids.map((id) => rows.get(id) ?? null)
}
