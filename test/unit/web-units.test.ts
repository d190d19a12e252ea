import { describe, expect, it } from 'vitest'
import type { Step } from '../../contract/jobs.ts'
import type { ProgressMessage } from '../../contract/socket.ts'
import {
  formatAgo,
  formatAmount,
  formatBitrate,
  formatBytes,
  formatClock,
  formatPercent,
  formatRate,
  formatRemaining,
  formatSpan,
} from '../../web/src/design/units.ts'
import { paceOf, slowestReading, stepWords } from '../../web/src/jobs/job-wording.ts'
import { stepView } from './job-views.ts'

describe('numbers for people', () => {
  it.each([
    [formatBytes(0), '0 B'],
    [formatBytes(999), '999 B'],
    [formatBytes(1_250), '1.25 kB'],
    [formatBytes(123_456_789), '123 MB'],
    [formatBytes(5e15), '5000 TB'],
    [formatClock(65_000), '1:05'],
    [formatClock(3_723_000), '1:02:03'],
    [formatClock(400), '0:00'],
    [formatSpan(400), '0.4 s'],
    [formatSpan(12_300), '12 s'],
    [formatSpan(185_000), '3 min 5 s'],
    [formatSpan(7_440_000), '2 h 4 min'],
    [formatRemaining(900), 'a moment'],
    [formatRemaining(12_200), '12 s'],
    [formatRemaining(250_000), '4 min'],
    [formatRate('bytes', 3_200_000), '3.20 MB/s'],
    [formatRate('mediaMs', 2_400), '2.4× real time'],
    [formatRate('mediaMs', 24_400), '24× real time'],
    [formatRate('frames', 57.6), '58 frames/s'],
    [formatRate('items', 1.25), '1.3/s'],
    [formatAmount('mediaMs', 65_000), '1:05'],
    [formatAmount('bytes', 1_500), '1.50 kB'],
    [formatBitrate(128_000), '128 kbit/s'],
    [formatBitrate(2_400_000), '2.4 Mbit/s'],
    [formatPercent(99.96), '99 %'],
    [formatAgo(0, 10_000), 'just now'],
    [formatAgo(0, 300_000), '5 min. ago'],
    [formatAgo(0, 86_400_000), 'yesterday'],
    [formatAgo(10_000, 0), 'just now'],
  ])('%s', (words, expected) => {
    expect(words).toBe(expected)
  })
})

const reading = (change: Partial<ProgressMessage>): ProgressMessage => ({
  type: 'progress',
  jobId: 'job-1',
  step: 'transcode',
  part: null,
  attempt: 1,
  seq: 1,
  percent: 50,
  done: 50,
  total: 100,
  unit: 'mediaMs',
  rate: 2_000,
  etaMs: 25,
  jobPercent: null,
  at: 0,
  ...change,
})
const transcode = stepView({ name: 'transcode' })

it('a step is as far as the part that it waits for', () => {
  const video = reading({ part: 'video', etaMs: 60_000 })
  const readings = [reading({ part: 'audio', etaMs: 5_000 }), video, reading({ step: 'thumbnail', etaMs: 90_000 })]
  expect(slowestReading(readings, transcode)).toBe(video)
  expect(slowestReading([], transcode)).toBeNull()
})

it('a pace says only what is known', () => {
  expect(paceOf(reading({ etaMs: null }))).toEqual(['2.0× real time'])
  expect(paceOf(reading({ rate: null, etaMs: 12_000 }))).toEqual(['12 s left'])
  expect(paceOf(reading({ rate: 0, etaMs: null }))).toEqual([])
})

it.each([
  ['failed', 'skipped', 'Not reached'],
  ['cancelled', 'pending', 'Not reached'],
  ['succeeded', 'skipped', 'Not needed'],
  ['running', 'pending', 'Not yet'],
] as const)('a step of a %s job that is %s', (state, stepState, words) => {
  const broken: Step = { ...transcode, name: 'resolve', state: state === 'succeeded' ? 'succeeded' : 'failed' }
  const later: Step = { ...transcode, state: stepState }
  const steps = state === 'running' ? [later] : [broken, later]
  expect(stepWords({ state, steps, pauseRequested: false }, later).words).toBe(words)
})

it('a step of a job that rests does not wait for a slot', () => {
  const queued: Step = { ...transcode, state: 'queued' }
  const wordsOf = (state: 'running' | 'paused', pauseRequested: boolean) =>
    stepWords({ state, steps: [queued], pauseRequested }, queued).words
  expect(wordsOf('running', false)).toBe('Waiting for a free slot')
  expect(wordsOf('running', true)).toBe('Paused')
  expect(wordsOf('paused', true)).toBe('Paused')
})
