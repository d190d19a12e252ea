import { activityInfo } from '@temporalio/activity'
import { WorkflowFailedError, type WorkflowHandle } from '@temporalio/client'
import { describe, expect, it, vi } from 'vitest'
import { SIGNALS } from '../../contract/names.ts'
import type { JobProjection } from '../../contract/steps.ts'
import { fakeActivities, jobInput, toolFailure, useWorkflows } from './harness.ts'

const runIngest = useWorkflows()
const WAIT = { timeout: 60_000, interval: 20 }

/** Where a job has asked in vain. */
const SHORTEST_REST_MS = 5_000

const downloaded = { file: { key: 'job/source.mp4', sizeBytes: 1 }, extension: 'mp4' }

/** Activities whose download finds no room so many times. */
const withoutRoom = (times: number, onRefused: (nth: number) => Promise<void> = async () => {}) => {
  const attempts: number[] = []
  /** By the clock of the server, which skips time. */
  const triedAt: number[] = []
  const fake = fakeActivities({
    download: async ({ ref }) => {
      attempts.push(ref.attemptBase + 1)
      triedAt.push(activityInfo().scheduledTimestampMs)
      if (attempts.length > times) return downloaded
      await onRefused(attempts.length)
      throw toolFailure('DiskFull', { attempt: attempts.length })
    },
  })
  const pauses = () => triedAt.slice(1).map((at, index) => at - (triedAt[index] ?? 0))
  return { ...fake, attempts, pauses }
}

const seen = (projections: JobProjection[], state: string): Promise<JobProjection> =>
  vi.waitFor(() => {
    const last = projections.at(-1)
    if (last?.state !== state) throw new Error(`it is ${last?.state}`)
    return last
  }, WAIT)

describe('a job without room on the disk', () => {
  it('waits, says for what, and goes on when it is told that there is room', async () => {
    const { activities, projections, attempts } = withoutRoom(1)
    await runIngest(jobInput(), activities, {
      meanwhile: async (workflow) => {
        const waiting = await seen(projections, 'waiting')
        expect(waiting).toMatchObject({ waitingFor: 'disk', error: { code: 'DiskFull', step: 'download' } })
        expect(waiting.steps[1]).toMatchObject({ name: 'download', state: 'queued', error: { code: 'DiskFull' } })
        await workflow.signal(SIGNALS.room)
      },
    })
    expect(attempts).toEqual([1, 2])
    expect(projections.at(-1)).toMatchObject({ state: 'succeeded', waitingFor: null, error: null })
    expect(projections.at(-1)?.steps[1]).toMatchObject({ state: 'succeeded', error: null })
  })

  it('goes on at once where it was told before it had heard that there was none', async () => {
    let tell = (): void => {}
    const told = new Promise<void>((resolve) => {
      tell = resolve
    })
    const { activities, projections, attempts } = withoutRoom(1, () => told)
    await runIngest(jobInput(), activities, {
      meanwhile: async (workflow) => {
        await vi.waitFor(() => expect(attempts).toEqual([1]), WAIT)
        await workflow.signal(SIGNALS.room)
        tell()
        // By the clock of this machine: nothing skips time before the result is asked for.
        await seen(projections, 'succeeded')
      },
    })
    expect(attempts).toEqual([1, 2])
  })

  it('asks again by itself, however often, and never fails of it', async () => {
    const { activities, projections, attempts } = withoutRoom(12)
    await runIngest(jobInput(), activities)
    expect(attempts).toHaveLength(13)
    expect(projections.at(-1)).toMatchObject({ state: 'succeeded', error: null })
  })

  describe('that is told of it', () => {
    /** Tells the job of room from within those tries. */
    const telling = async (times: number, isTold: (nth: number) => boolean) => {
      let workflow: WorkflowHandle | null = null
      const fake = withoutRoom(times, async (nth) => {
        if (isTold(nth))
          await vi.waitFor(() => workflow?.signal(SIGNALS.room) ?? Promise.reject(new Error('not yet')), WAIT)
      })
      await runIngest(jobInput(), fake.activities, {
        meanwhile: async (handle) => {
          workflow = handle
        },
      })
      return fake
    }

    it('goes on at once, however often it had asked in vain', async () => {
      const { pauses } = await telling(7, (nth) => nth === 7)
      const asked = pauses()
      expect(asked[5]).toBeGreaterThan(100_000)
      expect(asked[6]).toBeLessThan(SHORTEST_REST_MS - 500)
    })

    it('rests longer and longer where it was told so in vain', async () => {
      const { pauses } = await telling(8, () => true)
      const rests = [0, 0, 5_000, 10_000, 20_000, 40_000, 60_000, 60_000]
      for (const [index, pause] of pauses().entries()) {
        expect(pause, `pause ${index}`).toBeGreaterThanOrEqual((rests[index] ?? 0) - 500)
        // Real time goes on, too, beside the time that is skipped.
        expect(pause, `pause ${index}`).toBeLessThan((rests[index] ?? 0) + SHORTEST_REST_MS - 500)
      }
    })
  })

  it('is paused while it waits, and waits on after that', async () => {
    const { activities, projections } = withoutRoom(1)
    await runIngest(jobInput(), activities, {
      meanwhile: async (workflow) => {
        await seen(projections, 'waiting')
        await workflow.signal(SIGNALS.pause)
        expect(await seen(projections, 'paused')).toMatchObject({ waitingFor: null, error: null })
        await workflow.signal(SIGNALS.resume)
        await seen(projections, 'waiting')
        await workflow.signal(SIGNALS.room)
      },
    })
    expect(projections.at(-1)).toMatchObject({ state: 'succeeded' })
  })

  it('is cancelled while it waits', async () => {
    const { activities, projections, calls } = withoutRoom(1)
    const run = runIngest(jobInput(), activities, {
      meanwhile: async (workflow) => {
        await seen(projections, 'waiting')
        await workflow.cancel()
      },
    })
    await expect(run).rejects.toBeInstanceOf(WorkflowFailedError)
    expect(projections.at(-1)).toMatchObject({ state: 'cancelled', waitingFor: null, error: null })
    expect(calls.at(-1)).toBe('removeWork')
  })
})
