import { describe, expect, it } from 'vitest'
import { createJobBoard } from '../../cli/job-board.ts'
import { jobLines } from '../../cli/job-lines.ts'
import type { Job, Step } from '../../contract/jobs.ts'
import { STEP_NAMES, type StepName } from '../../contract/names.ts'
import type { ProgressMessage, StateMessage } from '../../contract/socket.ts'
import { jobView, stepView } from './job-views.ts'

const step = (name: StepName, more: Partial<Step> = {}): Step =>
  stepView({ name, state: 'pending', attempt: 0, ...more })
const job = (id: string, more: Partial<Job> = {}): Job => {
  const source = { url: `https://example.org/${id}`, file: null, title: null, site: 'example.org' }
  return jobView({ id, source, steps: STEP_NAMES.map((name) => step(name)), ...more })
}
const progress = (more: Partial<ProgressMessage>): ProgressMessage => ({
  type: 'progress',
  jobId: 'a',
  step: 'download',
  part: null,
  attempt: 1,
  seq: 1,
  percent: 10,
  done: 1_000_000,
  total: 10_000_000,
  unit: 'bytes',
  rate: 2_000_000,
  etaMs: 4_500,
  jobPercent: 5,
  at: 1,
  ...more,
})
const state = (more: Partial<StateMessage>): StateMessage => ({
  type: 'state',
  jobId: 'a',
  revision: 2,
  state: 'running',
  waitingFor: null,
  step: null,
  error: null,
  at: 2,
  ...more,
})
const running = (id: string, name: StepName) =>
  job(id, { steps: STEP_NAMES.map((each) => step(each, each === name ? { state: 'running', attempt: 1 } : {})) })

describe('the job board', () => {
  it('follows a job from snapshot to end', () => {
    const board = createJobBoard(['a'])
    expect(board.allEnded()).toBe(false)
    board.take({ type: 'snapshot', job: job('a') })
    board.take(state({ step: step('resolve', { state: 'succeeded', attempt: 1 }) }))
    expect(board.jobs()[0]?.steps[0]?.state).toBe('succeeded')
    board.take(progress({}))
    expect(board.jobs()[0]?.percent).toBe(5)
    board.take(state({ revision: 3, state: 'succeeded' }))
    expect(board.allEnded()).toBe(true)
  })

  it('drops what is older than what it knows', () => {
    const board = createJobBoard(['a'])
    board.take({ type: 'snapshot', job: { ...running('a', 'download'), revision: 5 } })
    board.take(state({ revision: 4, state: 'failed' }))
    expect(board.jobs()[0]?.state).toBe('running')
    const [, download = step('download')] = board.jobs()[0]?.steps ?? []
    board.take(progress({ seq: 7, percent: 70 }))
    board.take(progress({ seq: 6, percent: 60 }))
    expect(board.readings('a', download).map(({ percent }) => percent)).toEqual([70])
    board.take(progress({ attempt: 2, seq: 1, percent: 1 }))
    expect(board.readings('a', download).map(({ percent }) => percent)).toEqual([1])
  })

  it('keeps what it knows where a snapshot comes late', () => {
    const board = createJobBoard(['a'])
    board.take({ type: 'snapshot', job: job('a', { revision: 5, state: 'succeeded' }) })
    board.take({ type: 'snapshot', job: job('a', { revision: 4 }) })
    expect(board.allEnded()).toBe(true)
  })

  it('takes several changes of one revision', () => {
    const board = createJobBoard(['a'])
    board.take({ type: 'snapshot', job: job('a') })
    board.take(state({ step: step('resolve', { state: 'succeeded' }) }))
    board.take(state({ step: step('download', { state: 'running' }) }))
    expect(
      board
        .jobs()[0]
        ?.steps.slice(0, 2)
        .map((each) => each.state),
    ).toEqual(['succeeded', 'running'])
  })

  it('does not wait for jobs that are gone', () => {
    const board = createJobBoard(['a', 'b', 'c'])
    board.take({ type: 'snapshot', job: job('a', { state: 'succeeded' }) })
    board.take({ type: 'removed', jobId: 'b' })
    expect(board.allEnded()).toBe(false)
    board.take({ type: 'subscribed', jobs: ['a'], rejected: [{ id: 'c', code: 'JobNotFound' }] })
    expect(board.allEnded()).toBe(true)
  })
})

describe('the lines of the terminal', () => {
  it('shows the running step with its amount, speed and time', () => {
    const board = createJobBoard(['a'])
    board.take({ type: 'snapshot', job: running('a', 'download') })
    board.take(progress({ percent: 50 }))
    const line = jobLines(board, 120).find((each) => each.includes('download'))
    expect(line).toContain(`${'█'.repeat(12)}${'░'.repeat(12)}  50 %`)
    expect(line).toContain('1.0 MB of 10 MB, 2.0 MB/s, 0:05 left')
  })

  it('shows a step that already reads as running, though it is still told of as queued', () => {
    const board = createJobBoard(['a'])
    const queued = STEP_NAMES.map((name) => step(name, name === 'download' ? { state: 'queued', attempt: 1 } : {}))
    board.take({ type: 'snapshot', job: job('a', { steps: queued }) })
    const lineOf = () => jobLines(board, 120).find((line) => line.includes('download'))
    expect(lineOf()).toContain('waits for a free slot')
    board.take(progress({ percent: 25 }))
    expect(lineOf()).toContain('25 %')
  })

  it('shows a bar without a figure where the size is unknown', () => {
    const board = createJobBoard(['a'])
    board.take({ type: 'snapshot', job: running('a', 'download') })
    board.take(progress({ percent: null, total: null, rate: null, etaMs: null }))
    const line = jobLines(board, 120).find((each) => each.includes('download'))
    expect(line).toContain('┄┄┄')
    expect(line).not.toContain('%')
  })

  it('gives many jobs a line each, and is never wider than the terminal', () => {
    const ids = Array.from({ length: 30 }, (_, index) => `job-${index}`)
    const board = createJobBoard(ids)
    for (const id of ids) board.take({ type: 'snapshot', job: running(id, 'download') })
    const lines = jobLines(board, 60)
    expect(lines).toHaveLength(14)
    expect(lines).toContain('… and 18 more')
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThan(60)
  })
})
