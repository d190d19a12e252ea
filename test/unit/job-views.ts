import type { Job, Step } from '../../contract/jobs.ts'

/** A job under way as clients read it; tests change what they are about. */
export const jobView = (changes: Partial<Job> = {}): Job => ({
  id: 'job-1',
  kind: 'ingest',
  state: 'running',
  waitingFor: null,
  cancelRequested: false,
  pauseRequested: false,
  percent: 0,
  preset: 'web',
  options: {},
  priority: 3,
  source: { url: 'https://example.org/a', file: null, title: 'A', site: 'example.org' },
  passthrough: null,
  steps: [],
  error: null,
  result: null,
  revision: 1,
  run: 1,
  parentId: null,
  owner: 'owner',
  links: { self: '', temporal: '', media: [] },
  createdAt: '2026-11-22T10:00:00.000Z',
  updatedAt: '2026-11-22T10:00:00.000Z',
  ...changes,
})

export const stepView = (changes: Partial<Step> = {}): Step => ({
  name: 'download',
  state: 'running',
  percent: null,
  attempt: 1,
  startedAt: null,
  endedAt: null,
  error: null,
  ...changes,
})
