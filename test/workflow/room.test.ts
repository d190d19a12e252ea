import { WorkflowFailedError } from '@temporalio/client'
import { describe, expect, it, vi } from 'vitest'
import { SIGNALS } from '../../contract/names.ts'
import type { JobProjection } from '../../contract/steps.ts'
import { fakeActivities, jobInput, toolFailure, useWorkflows } from './harness.ts'

const runIngest = useWorkflows()
const WAIT = { timeout: 20_000, interval: 20 }

const downloaded = { file: { key: 'job/source.mp4', sizeBytes: 1 }, extension: 'mp4' }

/** Activities whose download finds no room so many times. */
const withoutRoom = (times: number, onRefused: (nth: number) => Promise<void> = async () => {}) => {
  const attempts: number[] = []
  const fake = fakeActivities({
    download: async ({ ref }) => {
      attempts.push(ref.attemptBase + 1)
      if (attempts.length > times) return downloaded
      await onRefused(attempts.length)
      throw toolFailure('DiskFull', { attempt: attempts.length })
    },
  })
  return { ...fake, attempts }
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
