import { expect, it } from 'vitest'
import type { Job } from '../../contract/jobs.ts'
import { emptyLiveState, reduceLive } from '../../web/src/live/live-state.ts'
import { visibleJobs } from '../../web/src/jobs/visible-jobs.ts'
import { jobView } from './job-views.ts'

/** Job `minute` is as old as its number says: the higher the newer. */
const job = (minute: number, changes: Partial<Job> = {}): Job => {
  const source = { url: `https://example.org/${minute}`, file: null, title: null, site: 'example.org' }
  return jobView({ id: `job-${minute}`, source, createdAt: `2026-11-22T10:0${minute}:00.000Z`, ...changes })
}

const all = { group: null, q: '' } as const
const show = (jobs: Job[], input: Partial<Parameters<typeof visibleJobs>[0]> = {}) =>
  visibleJobs({
    state: reduceLive(emptyLiveState, [{ type: 'loaded', jobs }]),
    filter: all,
    listed: new Set(jobs.map(({ id }) => id)),
    hasMore: false,
    ...input,
  }).map(({ id }) => id)

it('shows the newest first', () => {
  expect(show([job(1), job(3), job(2)])).toEqual(['job-3', 'job-2', 'job-1'])
})

it('adds what the socket has told of since', () => {
  expect(show([job(1), job(2), job(3)], { listed: new Set(['job-1', 'job-2']) })).toEqual(['job-3', 'job-2', 'job-1'])
})

it('leaves what is older than the last listed job to the next page', () => {
  const jobs = [job(1), job(2), job(3)]
  expect(show(jobs, { listed: new Set(['job-3', 'job-2']), hasMore: true })).toEqual(['job-3', 'job-2'])
})

it('lets a job go that no longer fits the state, and takes one in that now does', () => {
  const jobs = [job(1, { state: 'failed' }), job(2), job(3, { state: 'failed' })]
  const filter = { group: 'failed', q: '' } as const
  expect(show(jobs, { filter, listed: new Set(['job-2', 'job-3']) })).toEqual(['job-3', 'job-1'])
})

it('trusts the server on what a search finds, and looks itself through what it was not asked about', () => {
  const jobs = [job(1), job(2, { source: { url: 'u', file: null, title: 'The Otter', site: null } }), job(3)]
  expect(show(jobs, { filter: { group: null, q: 'otter' }, listed: new Set(['job-1']) })).toEqual(['job-2', 'job-1'])
})
