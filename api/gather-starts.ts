import type { JobRow } from '../catalog/job-row.ts'

/** Under load one call for all jobs accepted within this: what the dispatcher cannot take in hand it gives back by a write. */
const GATHER_MS = 25

/** Hands accepted jobs on: at once while they come one by one, together when they come in a stream. Never within the caller. */
export const gatherStarts = (start: (rows: readonly JobRow[]) => void): ((rows: readonly JobRow[]) => void) => {
  let gathered: JobRow[] = []
  let startedAt = 0
  const flush = () => {
    const rows = gathered
    gathered = []
    startedAt = performance.now()
    start(rows)
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
