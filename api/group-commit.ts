import type { IdempotencyClaim } from '../catalog/idempotency.ts'
import type { AcceptedItem, AcceptedJob, AcceptOutcome, JobQueries } from '../catalog/jobs.ts'
import { SluiceError } from '../contract/failures.ts'

type AcceptJobs = (jobs: AcceptedJob[], claim?: IdempotencyClaim | null) => Promise<AcceptOutcome>

interface Waiting {
  jobs: AcceptedJob[]
  readonly resolve: (outcome: AcceptOutcome) => void
  readonly reject: (error: unknown) => void
}

/** About a millisecond of the database; what comes meanwhile goes into the next. */
const MAX_JOBS = 50

/**
 * A commit waits for the disk, and costs the same for one job as for fifty: under load, requests share it, and with one
 * request at a time nothing waits. A batch with an `Idempotency-Key`, or a large one, has a transaction to itself.
 */
export const createGroupCommit = (catalog: Pick<JobQueries, 'acceptOrMatch'>): AcceptJobs => {
  const waiting: Waiting[] = []
  let committing = false

  const commitNext = async (): Promise<void> => {
    const group = takeGroup(waiting)
    try {
      settle(group, await catalog.acceptOrMatch(group.flatMap(({ jobs }) => jobs)))
    } catch (error) {
      // Where the database is away it is so for each of them; anything else may be the fault of one.
      if (group.length === 1 || isBusy(error)) for (const { reject } of group) reject(error)
      else
        await Promise.all(group.map(({ jobs, resolve, reject }) => catalog.acceptOrMatch(jobs).then(resolve, reject)))
    }
    committing = waiting.length > 0
    if (committing) await commitNext()
  }

  return (jobs: AcceptedJob[], claim: IdempotencyClaim | null = null) => {
    if (claim !== null || jobs.length > MAX_JOBS) return catalog.acceptOrMatch(jobs, claim)
    return new Promise((resolve, reject) => {
      waiting.push({ jobs, resolve, reject })
      if (committing) return
      committing = true
      // Requests that have arrived together are all parsed before this runs.
      setImmediate(() => void commitNext())
    })
  }
}

const takeGroup = (waiting: Waiting[]): Waiting[] => {
  let count = 0
  const end = waiting.findIndex(({ jobs }) => (count += jobs.length) > MAX_JOBS)
  return waiting.splice(0, end === -1 ? waiting.length : Math.max(1, end))
}

/** Hands each request its own items: they come in the order of the jobs. */
const settle = (group: readonly Waiting[], outcome: AcceptOutcome): void => {
  if (outcome.outcome !== 'accepted') throw new Error('only a claim can end otherwise')
  let next = 0
  for (const { jobs, resolve } of group) {
    const items: AcceptedItem[] = outcome.items.slice(next, (next += jobs.length))
    resolve({ outcome: 'accepted', items })
  }
}

const isBusy = (error: unknown): boolean => error instanceof SluiceError && error.code === 'CatalogBusy'
