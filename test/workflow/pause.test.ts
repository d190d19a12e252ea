import { Context } from '@temporalio/activity'
import { ApplicationFailure, CancelledFailure } from '@temporalio/common'
import { WorkflowFailedError, type WorkflowHandle } from '@temporalio/client'
import { describe, expect, it, vi } from 'vitest'
import { SIGNALS } from '../../contract/names.ts'
import type { JobProjection } from '../../contract/steps.ts'
import { fakeActivities, jobInput, useWorkflows } from './harness.ts'

const runIngest = useWorkflows()
const WAIT = { timeout: 60_000, interval: 20 }

const downloaded = { file: { key: 'job/source.mp4', sizeBytes: 1 }, extension: 'mp4' }

/** A cancellation is heard in answer to a heartbeat. */
const untilCancelled = async (): Promise<never> => {
  const context = Context.current()
  const timer = setInterval(() => context.heartbeat(), 50)
  try {
    return await context.cancelled
  } catch {
    throw new CancelledFailure('cancelled', [{ attempt: 3 }])
  } finally {
    clearInterval(timer)
  }
}

const seen = (projections: JobProjection[], state: string): Promise<JobProjection> =>
  vi.waitFor(() => {
    const last = projections.at(-1)
    if (last?.state !== state) throw new Error(`it is ${last?.state}`)
    return last
  }, WAIT)

const begun = (calls: string[], name: string, times = 1): Promise<void> =>
  vi.waitFor(() => expect(calls.filter((call) => call === name)).toHaveLength(times), WAIT)

describe('a pause', () => {
  it('cuts the running step off, rests, and goes on with another attempt that is no try', async () => {
    const attempts: number[] = []
    const { activities, projections, calls } = fakeActivities({
      download: async ({ ref }) => {
        attempts.push(ref.attemptBase + 1)
        return attempts.length === 1 ? untilCancelled() : downloaded
      },
    })
    await runIngest(jobInput(), activities, {
      meanwhile: async (workflow) => {
        await begun(calls, 'download')
        await workflow.signal(SIGNALS.pause)
        const paused = await seen(projections, 'paused')
        expect(paused).toMatchObject({ pauseRequested: true, error: null })
        expect(paused.steps[1]).toMatchObject({ state: 'queued', error: null })
        expect(await workflow.query('statusQuery')).toMatchObject({ state: 'paused' })
        await workflow.signal(SIGNALS.resume)
      },
    })
    // The attempt that was cut off was the third, as it said itself: lost workers are counted by Temporal alone.
    expect(attempts).toEqual([1, 4])
    expect(projections.at(-1)).toMatchObject({ state: 'succeeded', pauseRequested: false })
  })

  it('spares what is finished, and cuts all that runs side by side', async () => {
    let began = 0
    const { activities, projections, calls } = fakeActivities({
      transcodeChunk: () => {
        began += 1
        return began === 1 ? untilCancelled() : Promise.resolve({ key: 'job/video/0', sizeBytes: 1 })
      },
      poster: () => (calls.filter((call) => call === 'poster').length === 1 ? untilCancelled() : noFiles()),
    })
    await runIngest(jobInput(), activities, {
      meanwhile: async (workflow) => {
        await Promise.all(
          ['transcodeChunk', 'transcodeAudio', 'poster', 'storyboard'].map((name) => begun(calls, name)),
        )
        await workflow.signal(SIGNALS.pause)
        await seen(projections, 'paused')
        await workflow.signal(SIGNALS.resume)
      },
    })
    const count = (name: string) => calls.filter((call) => call === name).length
    expect(['download', 'transcodeChunk', 'transcodeAudio', 'poster', 'storyboard'].map(count)).toEqual([1, 2, 1, 2, 1])
    expect(projections.at(-1)?.state).toBe('succeeded')
  })

  it('holds the wait between two tries, which goes on by the clock', async () => {
    const { activities, projections, calls } = fakeActivities({
      download: async () => {
        if (calls.filter((call) => call === 'download').length > 1) return downloaded
        throw ApplicationFailure.create({
          type: 'SourceThrottled',
          nonRetryable: true,
          details: [{ attempt: 1, retryAfterMs: 3_000_000 }],
        })
      },
    })
    await runIngest(jobInput(), activities, {
      meanwhile: async (workflow) => {
        await vi.waitFor(() => expect(projections.at(-1)?.steps[1]?.error?.code).toBe('SourceThrottled'), WAIT)
        await workflow.signal(SIGNALS.pause)
        await seen(projections, 'paused')
        await workflow.signal(SIGNALS.resume)
      },
    })
    expect(calls.filter((call) => call === 'download')).toHaveLength(2)
    expect(projections.at(-1)).toMatchObject({ state: 'succeeded' })
  })

  it('keeps a job from beginning that was paused before', async () => {
    const { activities, projections, calls } = fakeActivities()
    await runIngest(jobInput(), activities, {
      toldFirst: { signal: SIGNALS.pause, signalArgs: [5] },
      meanwhile: async (workflow) => {
        await seen(projections, 'paused')
        expect(new Set(projections.map(({ state }) => state))).toEqual(new Set(['paused']))
        expect(calls).toEqual([])
        await workflow.signal(SIGNALS.resume, 6)
      },
    })
    expect(projections.at(-1)?.state).toBe('succeeded')
  })

  it('leaves signals alone that were overtaken on their way, but for those of an operator', async () => {
    const { activities, projections, calls } = fakeActivities({
      download: () => (calls.filter((call) => call === 'download').length === 1 ? untilCancelled() : later()),
    })
    await runIngest(jobInput(), activities, {
      meanwhile: async (workflow) => {
        await begun(calls, 'download')
        await workflow.signal(SIGNALS.pause, 9)
        await seen(projections, 'paused')
        await workflow.signal(SIGNALS.resume, 8)
        await workflow.signal(SIGNALS.priority, 1)
        await vi.waitFor(() => expect(projections.at(-1)).toMatchObject({ state: 'paused', priority: 1 }), WAIT)
        expect(projections.at(-1)?.heard).toEqual({ pause: 9, priority: 0 })
        await workflow.signal(SIGNALS.resume)
      },
    })
    expect(projections.at(-1)?.state).toBe('succeeded')
  })

  it('is no shelter from a failure beside it', async () => {
    const { activities, projections, calls } = fakeActivities({
      transcodeChunk: async () => {
        const cancelled = await untilCancelled().catch((error: unknown) => error)
        expect(cancelled).toBeInstanceOf(CancelledFailure)
        throw ApplicationFailure.create({ type: 'UnsupportedMedia', nonRetryable: true, details: [{ attempt: 1 }] })
      },
    })
    const ending = runIngest(jobInput(), activities, {
      meanwhile: async (workflow) => {
        await begun(calls, 'transcodeChunk')
        await workflow.signal(SIGNALS.pause)
      },
    })
    await expect(ending).rejects.toBeInstanceOf(WorkflowFailedError)
    expect(projections.at(-1)).toMatchObject({ state: 'failed', error: { code: 'UnsupportedMedia' } })
  })

  it.each([
    [
      'while it rests',
      async (workflow: WorkflowHandle, projections: JobProjection[]) => {
        await workflow.signal(SIGNALS.pause)
        await seen(projections, 'paused')
      },
    ],
    ['while it runs', async () => {}],
  ])('ends as cancelled %s, and leaves nothing', async (_, before) => {
    const { activities, projections, calls } = fakeActivities({ download: untilCancelled })
    const ending = runIngest(jobInput(), activities, {
      meanwhile: async (workflow) => {
        await begun(calls, 'download')
        await before(workflow, projections)
        await workflow.cancel()
      },
    })
    await expect(ending).rejects.toMatchObject({ cause: expect.any(CancelledFailure) as unknown })
    expect(projections.at(-1)).toMatchObject({ state: 'cancelled', pauseRequested: false, error: null })
    expect(calls.at(-1)).toBe('removeWork')
  })
})

describe('a job', () => {
  it('that failed keeps what is finished for its next run', async () => {
    const { activities, calls } = fakeActivities({
      probe: async () => {
        throw ApplicationFailure.create({ type: 'UnsupportedMedia', nonRetryable: true, details: [{ attempt: 1 }] })
      },
    })
    await expect(runIngest(jobInput(), activities)).rejects.toBeInstanceOf(WorkflowFailedError)
    expect(calls.at(-1)).toBe('withdraw')
    expect(calls).not.toContain('removeWork')
  })

  it('schedules its steps as urgently as it was told last, and leaves nonsense alone', async () => {
    const priorities: (number | undefined)[] = []
    const { activities, projections, calls } = fakeActivities({
      download: async () => {
        priorities.push(Context.current().info.priority?.priorityKey)
        await vi.waitFor(() => expect(projections.at(-1)?.priority).toBe(1), WAIT)
        return downloaded
      },
      probe: async (input) => {
        priorities.push(Context.current().info.priority?.priorityKey)
        return fakeActivities().activities['probe']?.(input as never) as never
      },
    })
    await runIngest(jobInput(), activities, {
      meanwhile: async (workflow) => {
        await begun(calls, 'download')
        for (const told of [2, 1, 0, 7, 'urgent']) await workflow.signal(SIGNALS.priority, told)
        await workflow.signal(SIGNALS.priority, 5, 3)
        await workflow.signal(SIGNALS.priority, 1, 4)
        await workflow.signal(SIGNALS.priority, 4, 2)
      },
    })
    expect(priorities).toEqual([3, 1])
  })
})

const noFiles = () => Promise.resolve({ files: [] })
const later = () => Promise.resolve(downloaded)
