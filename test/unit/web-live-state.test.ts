import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Job, Step } from '../../contract/jobs.ts'
import type { ProgressMessage, StateMessage } from '../../contract/socket.ts'
import { emptyLiveState, type LiveEvent, type LiveState, reduceLive } from '../../web/src/live/live-state.ts'
import { jobView, stepView } from './job-views.ts'

const ID = '01990000-0000-7000-8000-000000000001'

const job = (changes: Partial<Job> = {}): Job =>
  jobView({
    id: ID,
    steps: [
      stepView({ name: 'resolve', state: 'succeeded', percent: 100 }),
      stepView(),
      stepView({ name: 'transcode', state: 'pending', attempt: 0 }),
    ],
    revision: 5,
    ...changes,
  })

const progress = (change: Partial<ProgressMessage> = {}): ProgressMessage => ({
  type: 'progress',
  jobId: ID,
  step: 'download',
  part: null,
  attempt: 1,
  seq: 1,
  percent: 10,
  done: 10,
  total: 100,
  unit: 'bytes',
  rate: 1,
  etaMs: 90_000,
  jobPercent: 5,
  at: 0,
  ...change,
})

const stateOf = (change: Partial<StateMessage> = {}): StateMessage => ({
  type: 'state',
  jobId: ID,
  revision: 6,
  state: 'running',
  waitingFor: null,
  step: null,
  error: null,
  at: 0,
  ...change,
})

const after = (...events: LiveEvent[]): LiveState => reduceLive(emptyLiveState, events)
const jobAfter = (...events: LiveEvent[]) => after({ type: 'snapshot', job: job() }, ...events).jobs.get(ID)

describe('a snapshot', () => {
  it('is the job, until one with a lower revision comes late', () => {
    const state = after(
      { type: 'snapshot', job: job({ revision: 7 }) },
      { type: 'loaded', jobs: [job({ state: 'failed' })] },
    )
    expect(state.jobs.get(ID)?.job).toMatchObject({ revision: 7, state: 'running' })
  })

  it('does not set the bar back behind readings that came since its row was written', () => {
    const live = jobAfter(progress({ jobPercent: 42 }), { type: 'snapshot', job: job({ percent: 20 }) })
    expect(live?.job.percent).toBe(42)
    expect(live?.readings).toHaveLength(1)
  })

  it('of a next run forgets what the run before has shown', () => {
    const live = jobAfter(progress({ jobPercent: 42 }), {
      type: 'snapshot',
      job: job({ run: 2, revision: 9, percent: 0, state: 'accepted' }),
    })
    expect(live).toMatchObject({ job: { percent: 0, run: 2 }, readings: [] })
  })
})

describe('progress', () => {
  it('moves the job and its step', () => {
    const live = jobAfter(progress({ percent: 60, jobPercent: 30 }))
    expect(live?.job.percent).toBe(30)
    expect(live?.job.steps[1]?.percent).toBe(60)
  })

  it('of a lower or the same seq changes nothing', () => {
    const live = jobAfter(progress({ seq: 3, percent: 30, jobPercent: 15 }), progress({ seq: 2 }), progress({ seq: 3 }))
    expect(live?.readings).toEqual([progress({ seq: 3, percent: 30, jobPercent: 15 })])
    expect(live?.job.percent).toBe(15)
  })

  it('of a new attempt begins at seq 1 again, and that of the old one is over', () => {
    const live = jobAfter(progress({ seq: 9 }), progress({ attempt: 2, seq: 1 }), progress({ attempt: 1, seq: 10 }))
    expect(live?.readings).toEqual([progress({ attempt: 2, seq: 1 })])
  })

  it('is kept for each part that runs beside others, and does not pass for the whole step', () => {
    const parts = [
      progress({ step: 'transcode', part: 'video', percent: 30 }),
      progress({ step: 'transcode', part: 'audio', percent: 90 }),
    ]
    const live = jobAfter(...parts)
    expect(live?.readings).toEqual(parts)
    expect(live?.job.steps[2]?.percent).toBeNull()
  })

  it('of a part stays beside those of parts at later attempts, and goes when its step has ended or is to come again', () => {
    const one = progress({ step: 'transcode', part: '1', attempt: 1 })
    const two = progress({ step: 'transcode', part: '2', attempt: 2 })
    const transcode = (state: Step['state'], attempt: number) =>
      stateOf({ step: stepView({ name: 'transcode', state, attempt }) })
    expect(jobAfter(one, two)?.readings).toEqual([one, two])
    expect(jobAfter(transcode('queued', 2), two, one)?.readings).toEqual([two, one])
    expect(jobAfter(one, two, transcode('pending', 2))?.readings).toEqual([])
    expect(jobAfter(transcode('succeeded', 2), one, two)?.readings).toEqual([])
  })

  it('says nothing while the job rests', () => {
    const reading = progress({ step: 'transcode', part: '1' })
    const rests = stateOf({ state: 'paused', step: stepView({ name: 'transcode', state: 'queued', attempt: 2 }) })
    const live = jobAfter(reading, rests, progress({ step: 'transcode', part: '1', seq: 2 }))
    expect(live?.readings).toEqual([])
    expect(live?.job.steps[2]?.state).toBe('queued')
  })

  it('proves that a step which was only queued runs, whatever order they come in', () => {
    const queued = (change: Partial<Step> = {}) => stepView({ state: 'queued', ...change })
    const stateAfter = (...events: LiveEvent[]) => jobAfter(...events)?.job.steps[1]?.state
    expect(stateAfter(stateOf({ step: queued() }))).toBe('queued')
    expect(stateAfter(stateOf({ step: queued() }), progress())).toBe('running')
    expect(stateAfter(progress(), stateOf({ step: queued() }))).toBe('running')
    expect(stateAfter(progress(), { type: 'snapshot', job: job({ revision: 6, steps: [stepView(), queued()] }) })).toBe(
      'running',
    )
  })

  it('of an attempt that failed does not pass for the one that waits to be tried', () => {
    const error = { code: 'ToolCrashed', message: '', step: 'download', retryable: true, help: '' } as const
    const waiting = stateOf({ step: stepView({ state: 'queued', error }) })
    expect(jobAfter(progress(), waiting)?.job.steps[1]?.state).toBe('queued')
    expect(jobAfter(progress(), waiting, progress({ attempt: 2 }))?.job.steps[1]?.state).toBe('running')
  })

  it('of a step or a job that has ended comes too late', () => {
    expect(jobAfter(progress({ step: 'resolve', percent: 50 }))?.readings).toEqual([])
    expect(jobAfter(stateOf({ state: 'cancelled' }), progress())?.readings).toEqual([])
  })

  it('of an unknown job is not taken for one', () => {
    expect(after(progress()).jobs.size).toBe(0)
  })
})

describe('a change of state', () => {
  it('replaces the step that it tells of', () => {
    const done = stepView({ state: 'succeeded', percent: 100 })
    expect(jobAfter(stateOf({ step: done }))?.job.steps[1]).toEqual(done)
  })

  it('of an older revision changes nothing', () => {
    expect(jobAfter(stateOf({ revision: 4, state: 'failed' }))?.job).toMatchObject({ revision: 5, state: 'running' })
  })

  it('may be one of several messages of the same revision, each with a step', () => {
    const live = jobAfter(
      stateOf({ step: stepView({ state: 'succeeded' }) }),
      stateOf({ step: stepView({ name: 'transcode', state: 'running', attempt: 1 }) }),
    )
    expect(live?.job.steps.map(({ state }) => state)).toEqual(['succeeded', 'succeeded', 'running'])
  })

  it('asks for the whole job where it cannot tell all: a gap, the end, a title to learn, wishes', () => {
    const wanted = (known: Job, message: StateMessage) =>
      after({ type: 'snapshot', job: known }, message).wanted.has(ID)
    const untitled = job({ source: { url: 'u', file: null, title: null, site: null } })
    expect(wanted(job(), stateOf({ step: stepView() }))).toBe(false)
    // Somebody wishes something of it, perhaps on another page.
    expect(wanted(job(), stateOf())).toBe(true)
    expect(wanted(job(), stateOf({ step: stepView({ state: 'queued' }), state: 'paused' }))).toBe(true)
    expect(wanted(job(), stateOf({ revision: 5 }))).toBe(false)
    expect(wanted(job(), stateOf({ revision: 8 }))).toBe(true)
    expect(wanted(job(), stateOf({ state: 'succeeded' }))).toBe(true)
    expect(wanted(untitled, stateOf({ step: stepView({ state: 'succeeded' }) }))).toBe(true)
    expect(after(stateOf()).wanted.has(ID)).toBe(true)
  })

  it('is satisfied by the whole job', () => {
    const state = after({ type: 'snapshot', job: job() }, stateOf({ revision: 9 }), {
      type: 'loaded',
      jobs: [job({ revision: 9 })],
    })
    expect(state.wanted.size).toBe(0)
  })

  it('that lets an ended job run again clears its bar', () => {
    const ended = job({ state: 'failed', percent: 80 })
    const live = after({ type: 'snapshot', job: ended }, stateOf({ state: 'accepted' })).jobs.get(ID)
    expect(live?.job).toMatchObject({ state: 'accepted', percent: null })
  })
})

describe('removal', () => {
  it('is final: an answer that was under way does not bring the job back', () => {
    const removed: LiveEvent = { type: 'removed', jobId: ID }
    const state = after(
      { type: 'snapshot', job: job() },
      removed,
      { type: 'loaded', jobs: [job({ revision: 9 })] },
      stateOf(),
    )
    expect(state.jobs.size).toBe(0)
    expect(state.wanted.size).toBe(0)
  })

  it('is also what a rejected subscription means', () => {
    const rejected: LiveEvent = { type: 'subscribed', jobs: [], rejected: [{ id: ID, code: 'JobNotFound' }] }
    expect(after({ type: 'snapshot', job: job() }, rejected).jobs.size).toBe(0)
  })
})

it('ends at the newest reading and revision in whatever order and number the messages come', () => {
  const messages: LiveEvent[] = [
    ...[1, 2, 3, 4].map((seq) => progress({ seq, percent: seq * 10, jobPercent: seq })),
    ...[6, 7, 8].map((revision) =>
      stateOf({ revision, step: stepView({ startedAt: `2026-11-22T10:00:0${revision}.000Z` }) }),
    ),
  ]
  const orders = fc.array(fc.constantFrom(...messages), { maxLength: 20 })
  fc.assert(
    fc.property(orders, (order) => {
      const live = jobAfter(...order)
      const seqs = order.map((event) => (event.type === 'progress' ? event.seq : 0))
      const revisions = order.map((event) => (event.type === 'state' ? event.revision : 5))
      const newest = Math.max(0, ...seqs)
      expect(live?.readings.map(({ seq }) => seq)).toEqual(newest === 0 ? [] : [newest])
      expect(live?.job.revision).toBe(Math.max(5, ...revisions))
    }),
  )
})

it('never changes a state that it was given', () => {
  const before = after({ type: 'snapshot', job: job() })
  const copy = structuredClone(before)
  reduceLive(before, [progress(), stateOf(), { type: 'removed', jobId: ID }])
  expect(before).toEqual(copy)
})
