import { describe, expect, it, vi } from 'vitest'
import type { Job } from '../../contract/jobs.ts'
import { createLiveStore } from '../../web/src/live/live-store.ts'
import { jobView } from './job-views.ts'

const start = (load = async (): Promise<Job> => jobView({ revision: 3, state: 'succeeded' })) => {
  const flushes: (() => void)[] = []
  const errors: unknown[] = []
  const loads = vi.fn<(jobId: string) => Promise<Job>>(load)
  const store = createLiveStore({
    load: loads,
    defer: (flush) => flushes.push(flush),
    onError: (error) => errors.push(error),
  })
  const flush = () => flushes.splice(0).forEach((run) => run())
  return { store, flush, flushes, errors, loads }
}

const ended = {
  type: 'state',
  jobId: 'job-1',
  revision: 2,
  state: 'succeeded',
  waitingFor: null,
  step: null,
  error: null,
  at: 0,
} as const

describe('the live store', () => {
  it('folds what comes between two flushes into one change', () => {
    const { store, flush, flushes } = start()
    const listener = vi.fn<() => void>()
    store.subscribe(listener)
    store.receive({ type: 'snapshot', job: jobView() })
    store.receive({ type: 'snapshot', job: jobView({ revision: 2 }) })
    expect(flushes).toHaveLength(1)
    expect(listener).not.toHaveBeenCalled()
    flush()
    expect(listener).toHaveBeenCalledTimes(1)
    expect(store.getState().jobs.get('job-1')?.job.revision).toBe(2)
  })

  it('loads a job once when its messages left a gap', async () => {
    const { store, flush, loads } = start()
    store.loaded([jobView()])
    store.receive(ended)
    flush()
    await vi.waitFor(() => expect(store.getState().jobs.get('job-1')?.job.revision).toBe(3), 30_000)
    expect(loads.mock.calls).toEqual([['job-1']])
  })

  it('tells of a load that failed, and loads again with the next gap', async () => {
    const { store, flush, loads, errors } = start(() => Promise.reject(new Error('away')))
    store.loaded([jobView()])
    store.receive(ended)
    flush()
    await vi.waitFor(() => expect(errors).toHaveLength(1), 30_000)
    store.receive({ ...ended, revision: 4 })
    flush()
    expect(loads).toHaveBeenCalledTimes(2)
  })

  it('takes an answer after the messages that came before it', () => {
    const { store } = start()
    store.receive({ type: 'snapshot', job: jobView({ revision: 5 }) })
    store.loaded([jobView({ revision: 4, state: 'failed' })])
    expect(store.getState().jobs.get('job-1')?.job).toMatchObject({ revision: 5, state: 'running' })
  })

  it('forgets those who have stopped listening', () => {
    const { store } = start()
    const listener = vi.fn<() => void>()
    store.subscribe(listener)()
    store.removed('job-1')
    expect(listener).not.toHaveBeenCalled()
  })
})
