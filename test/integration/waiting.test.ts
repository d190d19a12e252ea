import { readdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { Job } from '../../contract/jobs.ts'
import { startTestInstance, type TestInstance } from './instance.ts'
import { makeClip } from './make-media.ts'
import { file } from './origin-answers.ts'
import { startOrigin, type Origin } from './origin.ts'
import { inState } from './server-messages.ts'

/** Enough for an instance and a job or two. */
const QUOTA_BYTES = 150_000_000

let sluice: TestInstance
let origin: Origin

beforeAll(async () => {
  const settings = { SLUICE_DATA_QUOTA: String(QUOTA_BYTES), SLUICE_KEEP_FREE: '1000000' }
  ;[sluice, origin] = await Promise.all([startTestInstance(settings), startOrigin()])
  origin.on('/clip.mp4', file(await makeClip(sluice.config.tools.ffmpeg, join(sluice.config.dataDir, 'clip.mp4'))))
})
afterAll(async () => {
  await sluice.dispose()
  await origin.close()
})

const filler = (): string => join(sluice.config.dataDir, 'filler')
const ask = async (job: Job, word: string): Promise<void> =>
  expect((await sluice.call('POST', `/jobs/${job.id}/${word}`)).status).toBe(202)

/** A job for which there is no room. What the folder occupies is measured now and then: jobs of before that find some. */
const waiting = async (): Promise<Job> => {
  await writeFile(filler(), Buffer.alloc(QUOTA_BYTES))
  for (;;) {
    const job = await sluice.submit({ url: origin.urlOf('/clip.mp4'), preset: 'web', force: true })
    let waits = false
    await sluice.seen(job.id, (message) => {
      waits = inState('waiting')(message)
      return waits || inState('succeeded')(message)
    })
    if (waits) return job
  }
}

it('a job that waits for room is paused, waits on, and goes on by itself when there is some', async () => {
  const job = await waiting()
  await ask(job, 'pause')
  await sluice.seen(job.id, inState('paused'))
  await ask(job, 'resume')
  await sluice.seen(job.id, inState('waiting'))
  await rm(filler())
  expect(await sluice.ended(job.id)).toMatchObject({ state: 'succeeded', waitingFor: null, error: null })
})

it('a job that waits for room is cancelled within 6 s, and leaves nothing', async () => {
  const job = await waiting()
  const askedAt = Date.now()
  await ask(job, 'cancel')
  expect(await sluice.ended(job.id)).toMatchObject({ state: 'cancelled', waitingFor: null, error: null })
  expect(Date.now() - askedAt).toBeLessThan(6_000)
  expect(await readdir(join(sluice.config.dataDir, 'work'))).not.toContain(job.id)
  expect(await readdir(join(sluice.config.dataDir, 'scratch'))).toEqual([])
})
