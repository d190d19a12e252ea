import type { Job } from '../../../contract/jobs.ts'
import type { JobState } from '../../../contract/names.ts'
import type { JobOptions, PresetName } from '../../../contract/presets.ts'
import { type Listing, type Problem, queryString, request } from './request.ts'

export interface JobQuery {
  /** Null: every state. */
  states: readonly JobState[] | null
  q: string
}

export interface Submission {
  url: string
  preset: PresetName
  force: boolean
  options: JobOptions
}

/** One entry of a batch: the job, or why there is none. `deduplicated`: the job was there already. */
export interface Accepted {
  index: number
  job?: Job
  deduplicated?: boolean
  error?: Problem
}

export const listJobs = (query: JobQuery, cursor: string | null, signal: AbortSignal): Promise<Listing<Job>> =>
  request(`/jobs${queryString({ state: query.states?.join(','), q: query.q, cursor, limit: 50 })}`, { signal })

export const getJob = (id: string, signal?: AbortSignal): Promise<Job> =>
  request(`/jobs/${encodeURIComponent(id)}`, { signal })

export const submitJobs = (jobs: Submission[]): Promise<{ items: Accepted[] }> =>
  request('/jobs', { method: 'POST', body: { jobs } })

export type Action = 'cancel' | 'pause' | 'resume' | 'retry'

export const actOnJob = (id: string, action: Action): Promise<Job> =>
  request(`/jobs/${encodeURIComponent(id)}/${action}`, { method: 'POST' })

export const changePriority = (id: string, priority: number): Promise<Job> =>
  request(`/jobs/${encodeURIComponent(id)}`, { method: 'PATCH', body: { priority } })

export const deleteJob = (id: string): Promise<null> => request(`/jobs/${encodeURIComponent(id)}`, { method: 'DELETE' })
