import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Intent } from '../../catalog/job-intents.ts'
import type { JobRow } from '../../catalog/job-row.ts'
import {
  afterEvent,
  canBecome,
  canMatch,
  canRetry,
  pendingSteps,
  type JobEvent,
} from '../../catalog/job-transitions.ts'
import { toFailure, type Failure } from '../../contract/failures.ts'
import type { JobResult } from '../../contract/jobs.ts'
import { ENDED_STATES, isEnded, JOB_STATES, STEP_STATES } from '../../contract/names.ts'
import type { StepRecord } from '../../contract/steps.ts'

const accepted = (change: Partial<JobRow> = {}): JobRow => ({
  id: 'job',
  kind: 'ingest',
  state: 'accepted',
  waitingFor: null,
  cancelRequested: false,
  pauseRequested: false,
  intentPendingSince: null,
  intentOrder: null,
  percent: 0,
  preset: 'web',
  options: {},
  priority: 3,
  force: false,
  source: { url: 'https://example.org/', file: null, title: null, site: null },
  dedupeKey: null,
  passthrough: null,
  steps: pendingSteps(),
  error: null,
  result: null,
  revision: 1,
  run: 1,
  projectionVersion: 0,
  workflowRunIds: [],
  owner: 'owner',
  parentId: null,
  dispatchedAt: 1,
  startedAt: null,
  createdAt: 1,
  updatedAt: 1,
  endedAt: null,
  ...change,
})

const run = fc.integer({ min: 1, max: 3 })
const workflowRunId = fc.constantFrom('a', 'b', 'c')
const order = fc.integer({ min: 0, max: 12 })
const error = fc.constantFrom<(Failure | null)[]>(
  null,
  toFailure('ToolCrashed', null, 'probe'),
  toFailure('WorkflowStuck', null, null),
)
const result = fc.constantFrom<(JobResult | null)[]>(null, { mediaIds: ['media'], reused: false })
const steps: fc.Arbitrary<StepRecord[]> = fc
  .array(
    fc.record({
      state: fc.constantFrom(...STEP_STATES),
      percent: fc.option(fc.double({ min: 0, max: 100, noNaN: true })),
      weight: fc.integer({ min: 0, max: 10 }),
    }),
    { minLength: 8, maxLength: 8 },
  )
  .map((changes) => pendingSteps().map((step, index) => ({ ...step, ...changes[index] })))

const event: fc.Arbitrary<JobEvent> = fc.oneof(
  fc
    .record({
      jobId: fc.constant('job'),
      run,
      workflowRunId,
      version: fc.integer({ min: 1, max: 6 }),
      // No workflow says of itself that it has not begun.
      state: fc.constantFrom(...JOB_STATES.filter((state) => state !== 'accepted')),
      waitingFor: fc.constantFrom(null, 'disk' as const),
      pauseRequested: fc.boolean(),
      priority: fc.integer({ min: 1, max: 5 }),
      heard: fc.option(fc.record({ pause: order, priority: order }), { nil: undefined, freq: 1 }),
      title: fc.constantFrom(null, 'Title'),
      site: fc.constant(null),
      steps,
      error,
      result,
    })
    .map(({ heard, ...rest }): JobEvent => ({ type: 'projected', projection: heard ? { ...rest, heard } : rest })),
  fc.constantFrom<JobEvent[]>({ type: 'cancelRequested' }, { type: 'pauseRequested' }, { type: 'resumeRequested' }),
  fc.integer({ min: 1, max: 5 }).map((priority): JobEvent => ({ type: 'priorityRequested', priority })),
  fc.record({ type: fc.constant('ended' as const), run, state: fc.constantFrom(...ENDED_STATES), error, result }),
  fc.record({ type: fc.constant('lost' as const), run }),
  fc.record({ type: fc.constant('problem' as const), run, error }),
  fc.record({ type: fc.constant('reset' as const), run, workflowRunId }),
  fc.constant<JobEvent>({ type: 'retried' }),
)

const WISHES = ['cancelRequested', 'pauseRequested', 'resumeRequested', 'priorityRequested']
const isWish = (happening: JobEvent): happening is Intent => WISHES.includes(happening.type)

/** The execution of a workflow that speaks. */
const executionOf = (happening: JobEvent): string | null => {
  if (happening.type === 'projected') return happening.projection.workflowRunId
  return happening.type === 'reset' ? happening.workflowRunId : null
}
const isByReset = ({ workflowRunIds }: JobRow, happening: JobEvent): boolean => {
  const id = executionOf(happening)
  return id !== null && workflowRunIds.length > 0 && !workflowRunIds.includes(id)
}

/** Whether a rule holds for every step of random lives; a counterexample where it does not. */
const overLives = (rule: (before: JobRow, event: JobEvent, after: JobRow | null) => boolean) => {
  const lives = fc.property(fc.array(event, { maxLength: 30 }), fc.boolean(), (events, dispatched) => {
    let row = accepted({ dispatchedAt: dispatched ? 1 : null })
    return events.every((happening, index) => {
      const before = row
      const after = afterEvent(before, happening, index + 2)
      row = after ?? before
      return rule(before, happening, after)
    })
  })
  const { failed, counterexample } = fc.check(lives, { numRuns: 1_000 })
  return { failed, counterexample }
}
const HOLDS = { failed: false, counterexample: null }

describe('the life of a job', () => {
  it('leaves an ended state by a retry or a reset alone, and success never by a retry', () => {
    const rule = overLives((before, happening, after) => {
      if (!isEnded(before.state) || after === null) return true
      if (isByReset(before, happening)) return after.run === before.run && before.workflowRunIds.length > 0
      const restarted = after.state === 'accepted' && after.run === before.run + 1 && after.endedAt === null
      return happening.type === 'retried' && before.state !== 'succeeded' && restarted && after.error === null
    })
    expect(rule).toEqual(HOLDS)
  })

  it('counts each change once', () => {
    expect(overLives((before, _, after) => after === null || after.revision === before.revision + 1)).toEqual(HOLDS)
  })

  it('has an end time exactly when it has ended, and then nothing to pass on', () => {
    const rule = overLives((before, _, after) => {
      const row = after ?? before
      const wished = row.intentPendingSince !== null || row.pauseRequested
      return (row.endedAt !== null) === isEnded(row.state) && !(wished && isEnded(row.state))
    })
    expect(rule).toEqual(HOLDS)
  })

  it('hears nothing from another run, and no older projection', () => {
    const rule = overLives((before, happening, after) => {
      if (happening.type === 'retried' || isWish(happening)) return true
      const ofRun = happening.type === 'projected' ? happening.projection.run : happening.run
      const old =
        happening.type === 'projected' &&
        happening.projection.version <= before.projectionVersion &&
        happening.projection.workflowRunId === before.workflowRunIds.at(-1)
      return after === null || (ofRun === before.run && !old)
    })
    expect(rule).toEqual(HOLDS)
  })

  it('hears nothing from an execution that another one followed', () => {
    const rule = overLives((before, happening, after) => {
      const id = executionOf(happening)
      const overtaken = id !== null && before.workflowRunIds.slice(0, -1).includes(id)
      return after === null || (!overtaken && (id === null || after.workflowRunIds.at(-1) === id))
    })
    expect(rule).toEqual(HOLDS)
  })

  it('does as was wished at last, whatever its workflow says that has not heard of it yet', () => {
    const rule = overLives((before, happening, after) => {
      if (after === null || before.intentPendingSince === null || isEnded(after.state)) return true
      if (happening.type !== 'projected' || happening.projection.heard) return true
      return after.pauseRequested === before.pauseRequested && after.priority === before.priority
    })
    expect(rule).toEqual(HOLDS)
  })

  it('does as was wished at last until its workflow has heard of that, also where it was told', () => {
    const rule = overLives((before, happening, after) => {
      if (after === null || isEnded(after.state) || happening.type !== 'projected') return true
      const { heard, pauseRequested, priority } = happening.projection
      if (!heard || isByReset(before, happening)) return true
      const [pausesBy, ranksBy] = [heard.pause, heard.priority].map((newest) => newest >= (before.intentOrder ?? 0))
      return (
        after.pauseRequested === (pausesBy ? pauseRequested : before.pauseRequested) &&
        after.priority === (ranksBy ? priority : before.priority)
      )
    })
    expect(rule).toEqual(HOLDS)
  })

  it('is told apart from what was wished before, by a time of its own', () => {
    const rule = overLives((before, happening, after) => {
      if (after === null || !isWish(happening) || after.intentPendingSince === null) return true
      return after.intentPendingSince > (before.intentPendingSince ?? 0)
    })
    expect(rule).toEqual(HOLDS)
  })

  it('rests where it was paused before it began, without anybody being told', () => {
    const rule = overLives((_, happening, after) => {
      if (!isWish(happening) && happening.type !== 'lost') return true
      if (after === null || after.state !== 'accepted' || after.dispatchedAt !== null || after.startedAt !== null)
        return true
      return !after.pauseRequested && after.intentPendingSince === null
    })
    expect(rule).toEqual(HOLDS)
  })

  it('does nothing more that is wished of it once it is to be cancelled', () => {
    const rule = overLives((before, happening, after) => {
      const isToStop = before.cancelRequested && !isEnded(before.state)
      return !isToStop || !isWish(happening) || after === null
    })
    expect(rule).toEqual(HOLDS)
  })

  it('is never less far than before within a workflow, and all the way when it succeeds', () => {
    const rule = overLives((before, happening, after) => {
      if (after === null || happening.type === 'retried' || happening.type === 'lost') return true
      if (isByReset(before, happening)) return true
      const percent = after.percent ?? 0
      return percent >= (before.percent ?? 0) && percent <= 100 && (after.state !== 'succeeded' || percent === 100)
    })
    expect(rule).toEqual(HOLDS)
  })

  it('leaves no step at work when it ended without a word from its workflow', () => {
    const rule = overLives((_, happening, after) => {
      if (after === null || !isEnded(after.state) || happening.type === 'projected') return true
      return after.steps.every(({ state }) => !['pending', 'queued', 'running'].includes(state))
    })
    expect(rule).toEqual(HOLDS)
  })

  it('ends at once when cancelled before anybody began, and asks otherwise', () => {
    const idle = accepted({ dispatchedAt: null })
    expect(afterEvent(idle, { type: 'cancelRequested' }, 5)).toMatchObject({ state: 'cancelled', endedAt: 5 })
    const asked = afterEvent(accepted(), { type: 'cancelRequested' }, 5)
    expect(asked).toMatchObject({ state: 'accepted', cancelRequested: true, intentPendingSince: 5 })
    expect(asked && afterEvent(asked, { type: 'lost', run: 1 }, 6)).toMatchObject({ state: 'cancelled' })
  })

  it('is paused at once before anybody began, asks otherwise, and goes on from there', () => {
    const idle = afterEvent(accepted({ dispatchedAt: null }), { type: 'pauseRequested' }, 5)
    expect(idle).toMatchObject({ state: 'paused', pauseRequested: true, intentPendingSince: null })
    const goingOn = idle && afterEvent(idle, { type: 'resumeRequested' }, 6)
    expect(goingOn).toMatchObject({ state: 'accepted', pauseRequested: false, dispatchedAt: 6 })
    const asked = afterEvent(accepted({ state: 'running' }), { type: 'pauseRequested' }, 5)
    expect(asked).toMatchObject({ state: 'running', pauseRequested: true, intentPendingSince: 5 })
    expect(asked && afterEvent(asked, { type: 'lost', run: 1 }, 6)).toMatchObject({
      state: 'paused',
      pauseRequested: true,
      dispatchedAt: null,
      intentPendingSince: null,
    })
    const back = asked && afterEvent(asked, { type: 'resumeRequested' }, 5)
    expect(back).toMatchObject({ pauseRequested: false, intentPendingSince: 6 })
  })

  it('is told once more what is wished of it when its workflow is reset, unless that had led to its end', () => {
    const reset = { type: 'reset', run: 1, workflowRunId: 'b' } as const
    const live = accepted({ state: 'running', workflowRunIds: ['a'], cancelRequested: true })
    expect(afterEvent(live, reset, 5)).toMatchObject({ cancelRequested: true, intentPendingSince: 5 })
    const ended = { ...live, state: 'cancelled' as const, endedAt: 4 }
    expect(afterEvent(ended, reset, 5)).toMatchObject({
      state: 'running',
      cancelRequested: false,
      intentPendingSince: null,
      endedAt: null,
      workflowRunIds: ['a', 'b'],
    })
    // Nothing ever ran: a start that comes after the end is no reset.
    expect(afterEvent({ ...ended, workflowRunIds: [] }, reset, 5)).toBeNull()
  })

  it('is told of a wish where its start was given up and has begun all the same', () => {
    const begun = accepted({ state: 'paused', pauseRequested: true, dispatchedAt: null, workflowRunIds: ['a'] })
    const goesOn = { pauseRequested: false, intentPendingSince: 5 }
    expect(afterEvent(begun, { type: 'resumeRequested' }, 5)).toMatchObject(goesOn)
  })

  it('shows a problem until it is over', () => {
    const stuck = toFailure('WorkflowStuck', null, null)
    const row = afterEvent(accepted({ state: 'running' }), { type: 'problem', run: 1, error: stuck }, 5)
    expect(row).toMatchObject({ state: 'running', error: stuck, revision: 2 })
    expect(row && afterEvent(row, { type: 'problem', run: 1, error: stuck }, 6)).toBeNull()
    expect(row && afterEvent(row, { type: 'problem', run: 1, error: null }, 6)).toMatchObject({ error: null })
  })
})

describe('states', () => {
  it.each(JOB_STATES)('%s: what may follow fits what is promised', (state) => {
    expect(JOB_STATES.filter((next) => canBecome(state, next)).length === 0).toBe(isEnded(state))
    expect(canRetry(state)).toBe(['failed', 'cancelled', 'partial'].includes(state))
    expect(canMatch(state)).toBe(!['failed', 'cancelled', 'partial'].includes(state))
    expect(canBecome(state, 'accepted')).toBe(state === 'accepted')
  })
})
