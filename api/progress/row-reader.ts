import type { Logger } from 'pino'
import type { JobRow } from '../../catalog/job-row.ts'
import type { JobQueries } from '../../catalog/jobs.ts'

/** Reads rows that are said to have changed, many at a time, each no more often than it can be read. */
export interface RowReader {
  request(jobId: string): void
}

/** Changes come in bursts, as steps end and begin together; one query answers them all. */
const GATHER_MS = 3
/** Below the number of placeholders that every SQLite allows (999). */
const MAX_IDS = 500
/** After a query that failed; the ids are asked for again. */
const RETRY_MS = 500

export interface RowReaderDeps {
  jobs: Pick<JobQueries, 'getMany'>
  log: Logger
  readonly onRow: (row: JobRow) => void
  /** Asked for, and not there. */
  readonly onMissing: (jobId: string) => void
}

export const createRowReader = ({ jobs, log, onRow, onMissing }: RowReaderDeps): RowReader => {
  const wanted = new Set<string>()
  let busy = false

  const read = async (): Promise<void> => {
    const ids = [...wanted].slice(0, MAX_IDS)
    for (const id of ids) wanted.delete(id)
    try {
      const rows = await jobs.getMany(ids)
      const found = new Set(rows.map(({ id }) => id))
      for (const row of rows) onRow(row)
      for (const id of ids) if (!found.has(id)) onMissing(id)
      schedule(GATHER_MS)
    } catch (error) {
      log.warn({ err: error }, 'changed jobs cannot be read')
      for (const id of ids) wanted.add(id)
      schedule(RETRY_MS)
    }
  }
  const schedule = (delayMs: number) => {
    busy = wanted.size > 0
    if (busy) setTimeout(() => void read(), delayMs).unref()
  }

  return {
    request: (jobId) => {
      wanted.add(jobId)
      if (!busy) schedule(GATHER_MS)
    },
  }
}
