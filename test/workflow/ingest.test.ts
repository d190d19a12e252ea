import { setTimeout as sleep } from 'node:timers/promises'
import { ApplicationFailure, CancelledFailure } from '@temporalio/common'
import { Context } from '@temporalio/activity'
import { WorkflowFailedError } from '@temporalio/client'
import { describe, expect, it } from 'vitest'
import type { VideoEncode } from '../../contract/plan.ts'
import type { JobProjection } from '../../contract/steps.ts'
import { fakeActivities, ingestPlan, jobInput, toolFailure, useWorkflows } from './harness.ts'

const runIngest = useWorkflows()

const failureOf = async (running: Promise<unknown>): Promise<WorkflowFailedError> => {
  const error: unknown = await running.then(
    () => null,
    (thrown: unknown) => thrown,
  )
  expect(error).toBeInstanceOf(WorkflowFailedError)
  return error as WorkflowFailedError
}

/** A cancellation is heard in answer to a heartbeat. */
const untilCancelled = async (): Promise<never> => {
  const context = Context.current()
  const timer = setInterval(() => context.heartbeat(), 50)
  try {
    return await context.cancelled
  } finally {
    clearInterval(timer)
  }
}

const lastOf = (projections: JobProjection[]): JobProjection => {
  const last = projections.at(-1)
  if (!last) throw new Error('nothing was projected')
  return last
}

describe('ingest', () => {
  it('goes through every step and tells the catalog', async () => {
    const { activities, projections, calls } = fakeActivities()
    const result = await runIngest(jobInput(), activities)

    expect(result).toEqual({ mediaIds: [expect.any(String)], reused: false })
    expect(calls).toEqual(expect.arrayContaining(['resolve', 'download', 'probe', 'plan', 'transcodeChunk', 'publish']))
    const last = lastOf(projections)
    expect(last.state).toBe('succeeded')
    expect(last.result).toEqual(result)
    expect(last.steps.map((step) => [step.name, step.state])).toEqual(
      ['resolve', 'download', 'probe', 'plan', 'transcode', 'package', 'thumbnail', 'publish'].map((name) => [
        name,
        'succeeded',
      ]),
    )
    expect(projections.map((projection) => projection.version)).toEqual(projections.map((_, index) => index + 1))
    expect(calls.at(-1)).toBe('removeWork')
  })

  it('ends with the media that are already there, unless forced', async () => {
    const reused = fakeActivities({ findReusable: async () => ['media-1'] })
    expect(await runIngest(jobInput(), reused.activities)).toEqual({ mediaIds: ['media-1'], reused: true })
    expect(reused.calls).not.toContain('download')
    expect(lastOf(reused.projections).steps.map((step) => step.state)).toEqual([
      'succeeded',
      ...Array(7).fill('skipped'),
    ])

    const forced = fakeActivities({ findReusable: async () => ['media-1'] })
    expect(await runIngest({ ...jobInput(), force: true }, forced.activities)).toMatchObject({ reused: false })
    expect(forced.calls).not.toContain('findReusable')
  })

  it('skips the transcode where everything is copied', async () => {
    const plan = {
      ...ingestPlan(),
      video: { mode: 'copy' as const, streamIndex: 0, rung: null, frameRate: '25/1' },
      sounds: [],
    }
    const { activities, projections, calls } = fakeActivities({ plan: async () => plan })
    await runIngest(jobInput(), activities)
    expect(calls).not.toContain('transcodeChunk')
    expect(lastOf(projections).steps.find((step) => step.name === 'transcode')?.state).toBe('skipped')
  })

  it('makes the storyboard from the tiles of the encode', async () => {
    const plan = ingestPlan({ storyboardFrom: 'encode' })
    let keys: string[] = []
    const { activities, calls } = fakeActivities({
      plan: async () => plan,
      storyboard: async (input) => {
        keys = input.chunks.map(({ key }) => key)
        return { files: [] }
      },
    })
    await runIngest(jobInput(), activities)
    expect(keys).toEqual(['job/video/0'])
    expect(calls.indexOf('storyboard')).toBeGreaterThan(calls.indexOf('transcodeChunk'))
  })

  it('encodes in chunks, a few at once, and hands them on in order', async () => {
    const chunkStarts = Array.from({ length: 9 }, (_, index) => index * 100)
    const ended: number[] = []
    let running = 0
    let most = 0
    let packed: string[] = []
    let sayFewRun = (): void => {}
    const fewRun = new Promise<void>((resolve) => (sayFewRun = resolve))
    const { activities, projections } = fakeActivities({
      plan: async () => ingestPlan({ chunkStarts }),
      transcodeChunk: async ({ chunk }) => {
        running += 1
        most = Math.max(most, running)
        if (running === 4) sayFewRun()
        await fewRun
        // Even ones take longer than those behind them.
        await sleep(chunk % 2 === 0 ? 150 : 20)
        running -= 1
        ended.push(chunk)
        return { key: `job/video/${chunk}`, sizeBytes: 1 }
      },
      packageMedia: async ({ chunks }) => {
        packed = chunks.map(({ key }) => key)
        return { files: [] }
      },
    })
    await runIngest(jobInput(), activities)
    expect(ended).not.toEqual(chunkStarts.map((_, index) => index))
    expect(packed).toEqual(chunkStarts.map((_, index) => `job/video/${index}`))
    expect(most).toBe(4)
    const percents = projections.map(({ steps }) => steps.find(({ name }) => name === 'transcode')?.percent ?? 0)
    expect(percents.some((percent) => percent > 0 && percent < 100)).toBe(true)
    expect(percents).toEqual(percents.toSorted((one, other) => one - other))
  })

  it('encodes in one piece where chunks turn out not to fit', async () => {
    let packed: string[] = []
    const { activities } = fakeActivities({
      plan: async () => ingestPlan({ chunkStarts: [0, 100, 200] }),
      transcodeChunk: async ({ plan, chunk }) => {
        const { chunkStarts } = plan.video as VideoEncode
        if (chunk === 1) throw toolFailure('OutputInvalid')
        return { key: `job/video/${chunk} of ${chunkStarts.length}`, sizeBytes: 1 }
      },
      packageMedia: async ({ chunks }) => {
        packed = chunks.map(({ key }) => key)
        return { files: [] }
      },
    })
    expect(await runIngest(jobInput(), activities)).toMatchObject({ reused: false })
    expect(packed).toEqual(['job/video/0 of 1'])
  })

  it('tries again what may help, waiting as long as the site asks', async () => {
    const attempts: number[] = []
    const { activities, projections } = fakeActivities({
      download: async (input) => {
        attempts.push(input.ref.attemptBase + Context.current().info.attempt)
        if (attempts.length === 1) throw toolFailure('SourceThrottled', { retryAfterMs: 120_000 })
        if (attempts.length === 2) throw toolFailure('SourceUnavailable', { attempt: 2 })
        return { file: { key: 'job/source.mp4', sizeBytes: 1 }, extension: 'mp4' }
      },
    })
    await runIngest(jobInput(), activities)
    expect(attempts).toEqual([1, 2, 3])
    const waiting = projections.find((projection) => projection.steps[1]?.error?.code === 'SourceThrottled')
    expect(waiting?.steps[1]?.state).toBe('queued')
    expect(lastOf(projections).steps[1]).toMatchObject({ state: 'succeeded', attempt: 3, error: null })
  })

  it.each([
    ['SourceNotFound', 1],
    ['UnsupportedMedia', 1],
    ['OutputInvalid', 2],
    ['ToolCrashed', 3],
    ['SourceUnavailable', 4],
  ])('gives up on %s after %i tries', async (code, tries) => {
    const { activities, projections, calls } = fakeActivities({
      download: async () => {
        throw toolFailure(code)
      },
    })
    const error = await failureOf(runIngest(jobInput(), activities))
    expect(error.cause).toMatchObject({ cause: { type: code } })
    expect(calls.filter((call) => call === 'download')).toHaveLength(tries)
    const last = lastOf(projections)
    expect(last).toMatchObject({ state: 'failed', error: { code, message: `${code} it is`, step: 'download' } })
    expect(last.steps[1]).toMatchObject({ state: 'failed', attempt: tries, error: { code } })
    expect(last.steps[2]?.state).toBe('skipped')
  })

  // Every sibling runs until it is cancelled: the test server loses the workflow task that cancels an activity which
  // ends at that moment (ACTIVITY_UNKNOWN, temporalio/sdk-java#2391), the real one does not.
  it('ends the sibling branches of one that fails, and blames the right step', async () => {
    let sayAllRun = () => {}
    const allRun = new Promise<void>((resolve) => {
      sayAllRun = resolve
    })
    const began: string[] = []
    const cancelled: string[] = []
    const sibling = async (name: string): Promise<never> => {
      began.push(name)
      if (began.length === 3) sayAllRun()
      try {
        return await untilCancelled()
      } catch (error) {
        if (error instanceof CancelledFailure) cancelled.push(name)
        throw error
      }
    }
    const { activities, projections } = fakeActivities({
      transcodeChunk: async () => {
        await allRun
        throw toolFailure('UnsupportedMedia')
      },
      transcodeAudio: () => sibling('audio'),
      poster: () => sibling('poster'),
      storyboard: () => sibling('storyboard'),
    })
    await failureOf(runIngest(jobInput(), activities))
    const last = lastOf(projections)
    expect(cancelled.toSorted()).toEqual(['audio', 'poster', 'storyboard'])
    expect(last.error).toMatchObject({ code: 'UnsupportedMedia', step: 'transcode' })
    expect(last.steps.find((step) => step.name === 'thumbnail')?.state).toBe('cancelled')
  })

  it('cancels the running step, waits for its end, and ends as cancelled', async () => {
    let stopped = false
    const { activities, projections, calls } = fakeActivities({
      download: async () => {
        try {
          return await untilCancelled()
        } finally {
          stopped = true
        }
      },
    })
    const error = await failureOf(runIngest(jobInput(), activities, { cancelAt: 'download' }))
    expect(error.cause).toBeInstanceOf(CancelledFailure)
    expect(stopped).toBe(true)
    expect(lastOf(projections)).toMatchObject({ state: 'cancelled', error: null })
    expect(lastOf(projections).steps[1]?.state).toBe('cancelled')
    expect(calls.at(-1)).toBe('removeWork')
  })

  it('ends as cancelled where the worker of the cancelled step dies before it can say so', async () => {
    const { activities, projections } = fakeActivities({
      download: async () => {
        try {
          return await untilCancelled()
        } catch {
          // A worker that starts gives the work of its dead predecessor back; what was to be cancelled the server does not try
          // again, but the test server would.
          throw ApplicationFailure.nonRetryable('the worker that had this died', 'WorkerLost')
        }
      },
    })
    const error = await failureOf(runIngest(jobInput(), activities, { cancelAt: 'download' }))
    expect(error.cause).toBeInstanceOf(CancelledFailure)
    expect(lastOf(projections)).toMatchObject({ state: 'cancelled', error: null })
  })

  it('begins again where a file between steps is gone, without counting that as a failure', async () => {
    let gone = 2
    const { activities, projections, calls } = fakeActivities({
      packageMedia: async () => {
        gone -= 1
        if (gone >= 0) throw toolFailure('StorageUnavailable', { missingKey: 'job/720p.mp4' })
        return { files: [] }
      },
    })
    expect(await runIngest(jobInput(), activities)).toMatchObject({ reused: false })
    expect(calls.filter((call) => call === 'resolve' || call === 'packageMedia')).toEqual(
      Array(3).fill(['resolve', 'packageMedia']).flat(),
    )
    const last = lastOf(projections)
    expect(last).toMatchObject({ state: 'succeeded', error: null })
    expect(last.steps.map(({ name, state, attempt }) => [name, state, attempt])).toEqual(
      last.steps.map(({ name }) => [name, 'succeeded', name === 'publish' ? 1 : 3]),
    )
    expect(projections.flatMap(({ steps }) => steps).filter(({ state }) => state === 'failed')).toEqual([])
  })

  it('gives up where files are taken away as fast as they are made', async () => {
    const { activities, projections, calls } = fakeActivities({
      probe: async () => {
        throw toolFailure('StorageUnavailable', { missingKey: 'job/source.mp4' })
      },
    })
    await failureOf(runIngest(jobInput(), activities))
    expect(calls.filter((call) => call === 'download')).toHaveLength(4)
    expect(lastOf(projections)).toMatchObject({ state: 'failed', error: { code: 'StorageUnavailable' } })
  })

  it('does nothing for a run that the catalog has ended before it began', async () => {
    const { activities, calls } = fakeActivities({ projectJob: async () => false })
    expect(await runIngest(jobInput(), activities)).toEqual({ mediaIds: [], reused: false })
    expect(calls).toEqual([])
  })

  it('ends, and leaves the work alone, when the job is no longer its own', async () => {
    let begun = false
    const { activities, calls } = fakeActivities({
      projectJob: async () => !begun,
      probe: async (input) => {
        begun = true
        return fakeActivities().activities['probe']?.(input as never) as never
      },
    })
    await expect(runIngest(jobInput(), activities)).rejects.toMatchObject({ cause: { type: 'Disowned' } })
    expect(calls).not.toContain('publish')
    expect(calls).not.toContain('removeWork')
  })

  it('goes on while the catalog is away, and records the end when it is back', async () => {
    let away = 5
    const { activities, projections } = fakeActivities({
      projectJob: async () => {
        away -= 1
        if (away > 0) throw new Error('database is locked')
        return true
      },
    })
    expect(await runIngest(jobInput(), activities)).toMatchObject({ reused: false })
    expect(lastOf(projections).state).toBe('succeeded')
  })
})
