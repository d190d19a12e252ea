import type { Job } from '../../../contract/jobs.ts'
import type { LiveState } from '../live/live-state.ts'
import { type JobFilter, statesOf } from './job-filter.ts'

const byAge = (one: Job, other: Job): number =>
  other.createdAt.localeCompare(one.createdAt) || other.id.localeCompare(one.id)

const mentions = (job: Job, q: string): boolean => {
  const { url, file, title, site } = job.source
  return [url, file, title, site].some((text) => text !== null && text.toLowerCase().includes(q.toLowerCase()))
}

export interface VisibleJobsInput {
  state: LiveState
  filter: JobFilter
  /** Jobs that the server has listed for this filter so far. */
  listed: ReadonlySet<string>
  /** Whether the server has more below them. */
  hasMore: boolean
}

/**
 * Jobs to show, newest first: what the server has listed and what the socket has told of since, as long as it fits the
 * filter. Below the last listed job the server's next page decides, or jobs would be shown with holes between them.
 */
export const visibleJobs = ({ state, filter, listed, hasMore }: VisibleJobsInput): Job[] => {
  const known = [...state.jobs.values()].map(({ job }) => job).toSorted(byAge)
  const oldest = hasMore ? known.findLast((job) => listed.has(job.id)) : undefined
  const states = statesOf(filter)
  return known.filter((job) => {
    if (states?.includes(job.state) === false) return false
    if (listed.has(job.id)) return true
    return (!oldest || byAge(job, oldest) < 0) && mentions(job, filter.q)
  })
}
