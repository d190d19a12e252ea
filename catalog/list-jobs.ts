import type { Knex } from 'knex'
import { JOB_STATES, type JobState } from '../contract/names.ts'
import { decodeCursor, encodeCursor } from './cursor.ts'
import { toJobRow, type JobRecord, type JobRow } from './job-row.ts'
import type { JobListRequest, Page } from './jobs.ts'
import { whereMatches } from './search-text.ts'

/** One page of jobs. @throws SluiceError InvalidRequest for a cursor that this sort did not give. */
export const listJobs = async (knex: Knex, request: JobListRequest): Promise<Page<JobRow>> => {
  const { owner, states, kind, q, site, parent, sort = '-createdAt', limit, cursor } = request
  const query = knex<JobRecord>('jobs')
  if (owner !== null) query.where({ owner })
  if (states !== undefined) query.whereIn('state', states)
  if (kind !== undefined) query.where({ kind })
  if (site !== undefined) query.where({ source_site: site })
  if (parent !== undefined) query.where({ parent_id: parent })
  if (q !== undefined) whereMatches(query, q)
  const records = await readPage<JobRecord>(query, { order: sort, limit, cursor })
  return { items: records.items.map(toJobRow), nextCursor: records.nextCursor }
}

interface Aged {
  id: string
  created_at: number
}

/** One page by age; both databases walk an index on `(…, created_at, id)`. `order` begins with `-` for newest first. */
export const readPage = async <T extends Aged>(
  query: Knex.QueryBuilder,
  { order, limit, cursor }: { order: string; limit: number; cursor?: string | undefined },
): Promise<Page<T>> => {
  const newestFirst = order.startsWith('-')
  const beyond = newestFirst ? '<' : '>'
  if (cursor !== undefined) {
    const { time, id } = decodeCursor(cursor, order)
    // Said twice, as neither database makes a range of an index out of the second condition alone.
    query
      .where('created_at', `${beyond}=`, time)
      .where((either) => void either.where('created_at', beyond, time).orWhere('id', beyond, id))
  }
  const direction = newestFirst ? 'desc' : 'asc'
  // One more than asked for tells whether there is another page.
  const records = (await query
    .orderBy('created_at', direction)
    .orderBy('id', direction)
    .limit(limit + 1)) as T[]
  const items = records.slice(0, limit)
  const last = items.at(-1)
  const more = records.length > limit && last !== undefined
  return { items, nextCursor: more ? encodeCursor({ order, time: last.created_at, id: last.id }) : null }
}

export const countJobs = async (knex: Knex, { owner }: { owner: string | null }): Promise<Record<JobState, number>> => {
  const query = knex<JobRecord>('jobs').select('state').count({ jobs: '*' }).groupBy('state')
  if (owner !== null) query.where({ owner })
  const counts = (await query) as unknown as { state: JobState; jobs: number }[]
  const none = Object.fromEntries(JOB_STATES.map((state) => [state, 0])) as Record<JobState, number>
  return counts.reduce((all, { state, jobs }) => ({ ...all, [state]: Number(jobs) }), none)
}
