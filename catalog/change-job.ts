import type { Knex } from 'knex'
import type { JobState } from '../contract/names.ts'
import { toJobRow, toRecord, type JobRecord, type JobRow } from './job-row.ts'
import { afterEvent, canMatch, type JobEvent } from './job-transitions.ts'
import { transact } from './transact.ts'

export interface JobChange {
  /** Null: there is no such job. */
  before: JobRow | null
  /** Null: the event changed nothing. */
  after: JobRow | null
}

/** Reads, decides and writes as one; two events at once take turns. @param now epoch ms */
export const changeJob = (knex: Knex, id: string, event: JobEvent, now: number): Promise<JobChange> =>
  transact(knex, async (trx) => {
    const record = await trx<JobRecord>('jobs').where({ id }).forUpdate().first()
    if (record === undefined) return { before: null, after: null }
    const before = toJobRow(record)
    const after = afterEvent(before, event, now)
    if (after !== null) {
      const columns = { ...changedColumns(before, after), ...(await liveKeyAfter(trx, record, after)) }
      await trx<JobRecord>('jobs').where({ id }).update(columns)
    }
    return { before, after }
  })

/** Writing a column makes the database write its indexes too. */
const changedColumns = (before: JobRow, after: JobRow): Partial<JobRecord> => {
  const old = toRecord(before)
  const entries = Object.entries(toRecord(after)).filter(([name, value]) => old[name as keyof typeof old] !== value)
  return Object.fromEntries(entries)
}

/** A job that can't be the answer to a second submission gives its key up; one that runs again takes it if it is free. */
const liveKeyAfter = async (
  trx: Knex.Transaction,
  record: JobRecord,
  after: JobRow,
): Promise<Pick<JobRecord, 'live_key'> | null> => {
  if (!canMatch(after.state)) return { live_key: null }
  if (record.live_key !== null || after.dedupeKey === null) return null
  if (after.run === record.run && canMatch(record.state as JobState)) return null
  const holder = await trx<JobRecord>('jobs').where({ live_key: after.dedupeKey }).first('id')
  return holder === undefined ? { live_key: after.dedupeKey } : null
}
