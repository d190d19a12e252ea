import type { Logger } from 'pino'
import type { JobQueries, JobRunRef } from '../catalog/jobs.ts'

export interface StartedMarks {
  add(job: JobRunRef): void
  /** Whether this run is started and waits to be marked. */
  has(job: JobRunRef): boolean
  /** Writes what waits, once at a time. */
  flush(): Promise<void>
}

/** Long enough to gather a handful of starts at 100 a second: one write for all of them. */
const GATHER_MS = 50

/** Remembers which workflows were started until the catalog knows. A mark that is lost costs one more start, which does nothing. */
export const createStartedMarks = ({
  jobs,
  log,
}: {
  jobs: Pick<JobQueries, 'markStarted'>
  log: Logger
}): StartedMarks => {
  const waiting = new Map<string, JobRunRef>()
  let timer: NodeJS.Timeout | null = null
  let writing: Promise<void> = Promise.resolve()

  const write = async (): Promise<void> => {
    const batch = [...waiting.values()]
    if (batch.length === 0) return
    try {
      await jobs.markStarted(batch)
      for (const job of batch) if (waiting.get(job.id) === job) waiting.delete(job.id)
    } catch (error) {
      log.warn({ err: error, jobs: batch.length }, 'cannot note which jobs were started; trying again')
    }
  }

  const flush = (): Promise<void> => {
    writing = writing.then(write)
    return writing
  }

  return {
    add: (job) => {
      waiting.set(job.id, { id: job.id, run: job.run })
      timer ??= setTimeout(() => {
        timer = null
        void flush()
      }, GATHER_MS)
    },
    has: (job) => waiting.get(job.id)?.run === job.run,
    flush,
  }
}
