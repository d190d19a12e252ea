import type { JobRow } from '../catalog/job-row.ts'

/** Under load one call for all jobs that come within this: those who submit them are answered first. */
const GATHER_MS = 25

/** Hands jobs on: at once while they come one by one, together when they come in a stream. Never within the caller. */
export const gatherRows = (handOn: (rows: readonly JobRow[]) => void): ((rows: readonly JobRow[]) => void) => {
  let gathered: JobRow[] = []
  let startedAt = 0
  const flush = () => {
    const rows = gathered
    gathered = []
    startedAt = performance.now()
    handOn(rows)
  }
  return (rows) => {
    if (rows.length === 0) return
    const isFirst = gathered.length === 0
    gathered.push(...rows)
    if (!isFirst) return
    const waitMs = startedAt + GATHER_MS - performance.now()
    if (waitMs > 0) setTimeout(flush, waitMs)
    else setImmediate(flush)
  }
}
