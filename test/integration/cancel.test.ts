import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { progressOf } from './server-messages.ts'
import { createWishLine, type WishLine } from './wish-line.ts'

let line: WishLine
beforeAll(async () => {
  line = await createWishLine()
})
afterAll(() => line.close())
afterEach(() => line.resumeTemporal())

describe('cancel', () => {
  it('in the middle of an encode: the last program is dead within 6 s, and nothing is left', async () => {
    const job = await line.sluice.submit({ url: line.origin.urlOf('/long.mp4'), preset: 'web', force: true })
    await line.sluice.seen(job.id, progressOf('transcode'))
    expect(await line.timed(job, 'cancel', 'cancelled')).toBeLessThan(6_000)
    await line.expectNothingLeft(job)
  })

  it('while Temporal is away: programs and scratch are gone within 6 s, the state follows when it is back', async () => {
    const job = await line.sluice.submit({ url: line.origin.urlOf('/long.mp4'), preset: 'stream', force: true })
    await line.sluice.seen(job.id, progressOf('transcode'))
    await line.haltTemporal()
    expect(await line.ask(job, 'cancel')).toMatchObject({ cancelRequested: true })
    await vi.waitFor(
      async () => {
        expect(await line.toolsRunning()).toEqual([])
        expect(await readdir(join(line.sluice.config.dataDir, 'scratch'))).toEqual([])
      },
      { timeout: 6_000 },
    )
    await line.resumeTemporal()
    expect(await line.sluice.ended(job.id)).toMatchObject({ state: 'cancelled', error: null })
    await line.expectNothingLeft(job)
  })

  it('of a job that has not begun, with Temporal away: at once', async () => {
    await line.loseTemporal()
    const first = await line.sluice.submit({ url: line.serve('sike'), preset: 'original' })
    const job = await line.sluice.submit({ url: line.serve('gill'), preset: 'original' })
    await line.ask(job, 'cancel')
    expect(await line.sluice.ended(job.id)).toMatchObject({ state: 'cancelled' })
    await line.resumeTemporal()
    expect(await line.sluice.ended(first.id)).toMatchObject({ state: 'succeeded' })
    expect(line.rangesOf('gill')).toEqual([])
  })

  it('and the worker dies in the middle of it', async () => {
    const job = await line.sluice.submit({ url: line.serveHeld('flume').url, preset: 'original' })
    await line.sluice.seen(job.id, progressOf('download'))
    await line.ask(job, 'cancel')
    await line.sluice.kill9('worker')
    expect(await line.sluice.ended(job.id)).toMatchObject({ state: 'cancelled', error: null })
    await vi.waitFor(() => line.expectNothingLeft(job), { timeout: 60_000 })
  })
})
