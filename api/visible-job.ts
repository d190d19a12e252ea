import type { JobRow } from '../catalog/job-row.ts'
import type { JobQueries } from '../catalog/jobs.ts'
import { maySee, type Principal } from './access/principal.ts'
import { Problem } from './http/problem.ts'

/** The job of this id. @throws Problem JobNotFound where there is none, or none that this caller may see. */
export const visibleJob = async (
  jobs: Pick<JobQueries, 'get'>,
  { id, principal }: { id: string; principal: Principal },
): Promise<JobRow> => {
  const row = await jobs.get(id)
  if (row && maySee(principal, row.owner)) return row
  throw new Problem('JobNotFound')
}

/** What the state of a job forbids. */
export const stateConflict = (row: JobRow, sentence: string): Problem =>
  new Problem('StateConflict', sentence, { extra: { state: row.state } })
