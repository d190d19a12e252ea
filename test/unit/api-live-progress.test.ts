import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { toStep } from '../../api/job-view.ts'
import { createLiveProgress } from '../../api/live-progress.ts'
import type { JobRow } from '../../catalog/job-row.ts'
import type { StepName, StepState } from '../../contract/names.ts'
import type { ProgressSample } from '../../contract/progress.ts'
import type { StepRecord } from '../../contract/steps.ts'

const step = (name: StepName, state: StepState, weight: number, percent: number | null = null): StepRecord => ({
  name,
  state,
  percent,
  attempt: 1,
  startedAt: null,
  endedAt: null,
  error: null,
  weight,
})
const row = (steps: StepRecord[], change: Partial<JobRow> = {}): JobRow =>
  ({ id: 'job', run: 1, state: 'running', percent: null, steps, ...change }) as JobRow
const sample = (change: Partial<ProgressSample>): ProgressSample => ({
  jobId: 'job',
  run: 1,
  step: 'transcode',
  part: null,
  share: 1,
  attempt: 1,
  seq: 1,
  percent: 0,
  done: 0,
  total: null,
  unit: 'mediaMs',
  rate: null,
  etaMs: null,
  at: 0,
  ...change,
})
const transcode = step('transcode', 'running', 60)
const all = row([step('download', 'succeeded', 30), transcode, step('publish', 'pending', 10)])

describe('live progress', () => {
  test('weighs parts by their share and steps by their cost', () => {
    const live = createLiveProgress()
    live.accept(sample({ part: '1', share: 0.75, percent: 40 }))
    live.accept(sample({ part: '2', share: 0.25, percent: 80 }))
    expect(live.stepPercent(all, transcode)).toBe(50)
    expect(live.jobPercent(all)).toBe(60)
  })

  test('drops what is older: seq within an attempt, attempts, runs', () => {
    const live = createLiveProgress()
    expect(live.accept(sample({ run: 2, attempt: 2, seq: 5, percent: 50 }))).toBe(true)
    expect(live.accept(sample({ run: 2, attempt: 2, seq: 5, percent: 60 }))).toBe(false)
    expect(live.accept(sample({ run: 2, attempt: 1, seq: 9, percent: 60 }))).toBe(false)
    expect(live.accept(sample({ run: 1, attempt: 3, seq: 9, percent: 60 }))).toBe(false)
    expect(live.stepPercent(row([transcode], { run: 2 }), transcode)).toBe(50)
    expect(live.stepPercent(row([transcode], { run: 1 }), transcode)).toBeNull()
  })

  test('a step that gives readings has left its queue, and counts', () => {
    const live = createLiveProgress()
    const queued = step('transcode', 'queued', 60)
    const waiting = row([step('download', 'succeeded', 30), queued, step('publish', 'pending', 10)])
    const shown = () => toStep(waiting, queued, live)
    expect(shown()).toMatchObject({ state: 'queued', percent: null, attempt: 1 })
    live.accept(sample({ percent: 50 }))
    expect(shown()).toMatchObject({ state: 'running', percent: 50, attempt: 1 })
    expect(live.jobPercent(waiting)).toBe(60)
    live.accept(sample({ attempt: 2, percent: 10 }))
    expect(shown()).toMatchObject({ state: 'running', percent: 10, attempt: 2 })
    expect(toStep(waiting, { ...queued, attempt: 3 }, live)).toMatchObject({ state: 'queued', attempt: 3 })
  })

  test('what a failed job did not get to does not count as done', () => {
    const steps = [step('resolve', 'succeeded', 10), step('download', 'failed', 50), step('publish', 'skipped', 40)]
    expect(createLiveProgress().jobPercent(row(steps, { state: 'failed' }))).toBe(10)
    expect(createLiveProgress().jobPercent(row(steps.with(1, step('download', 'succeeded', 50))))).toBe(100)
  })

  test('a percentage that nobody knows is not invented', () => {
    const live = createLiveProgress()
    expect(live.stepPercent(all, transcode)).toBeNull()
    live.accept(sample({ percent: null }))
    expect(live.stepPercent(all, transcode)).toBeNull()
    expect(live.jobPercent(row([]))).toBeNull()
  })

  test('a new attempt begins anew, but the job never runs backwards', () => {
    const live = createLiveProgress()
    live.accept(sample({ percent: 90 }))
    expect(live.jobPercent(all)).toBe(84)
    live.accept(sample({ attempt: 2, percent: 10 }))
    expect(live.stepPercent(all, transcode)).toBe(10)
    expect(live.jobPercent(all)).toBe(84)
  })

  test('new weights that make less of what is done bend the bar, and it still ends at 100', () => {
    const live = createLiveProgress()
    const moment = (transcodeWeight: number, states: [StepState, StepState]) =>
      row([step('download', states[0], 40), step('transcode', states[1], transcodeWeight)])
    expect(live.jobPercent(moment(60, ['succeeded', 'pending']))).toBe(40)
    const planned = moment(360, ['succeeded', 'running'])
    expect(live.jobPercent(planned)).toBe(40)
    const shown = [25, 50, 75].map((percent, index) => {
      live.accept(sample({ percent, seq: index + 1 }))
      return live.jobPercent(planned)
    })
    expect(shown).toEqual([55, 70, 85])
    expect(live.jobPercent(moment(360, ['succeeded', 'succeeded']))).toBe(100)
  })

  test('a retry begins at nothing again', () => {
    const live = createLiveProgress()
    live.accept(sample({ percent: 90 }))
    live.jobPercent(all)
    expect(live.jobPercent(row([step('download', 'pending', 1)], { run: 2 }))).toBe(0)
  })

  test('an ended job is what its row says', () => {
    const live = createLiveProgress()
    expect(live.jobPercent(row([step('transcode', 'running', 1, 12)], { state: 'succeeded' }))).toBe(100)
    expect(live.jobPercent(row([step('transcode', 'failed', 1, 12)], { state: 'failed' }))).toBe(12)
  })

  test('whatever comes, the job never runs backwards within a run and stays within 0 and 100', () => {
    const reading = fc.record({
      step: fc.constantFrom<StepName>('download', 'transcode', 'publish'),
      part: fc.constantFrom(null, 'a', 'b'),
      share: fc.constantFrom(0.25, 0.5, 1),
      attempt: fc.integer({ min: 1, max: 3 }),
      seq: fc.integer({ min: 1, max: 20 }),
      percent: fc.option(fc.float({ min: 0, max: 100, noNaN: true })),
    })
    const states = fc.constantFrom<StepState>('pending', 'running', 'succeeded', 'skipped')
    const moment = fc.record({
      reading,
      states: fc.tuple(states, states, states),
      weight: fc.integer({ min: 1, max: 100 }),
    })
    fc.assert(
      fc.property(fc.array(moment), (moments) => {
        const live = createLiveProgress()
        let highest = 0
        for (const {
          reading: given,
          states: [a, b, c],
          weight,
        } of moments) {
          live.accept(sample(given))
          const now = row([step('download', a, weight), step('transcode', b, 50), step('publish', c, 1)])
          const percent = live.jobPercent(now)
          expect(percent).toBeGreaterThanOrEqual(highest)
          expect(percent).toBeLessThanOrEqual(100)
          highest = percent ?? 0
        }
      }),
    )
  })
})
