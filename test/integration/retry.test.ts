import { chmod, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { Job } from '../../contract/jobs.ts'
import type { ServerMessage } from '../../contract/socket.ts'
import { readInstalledTools } from '../../scripts/installed-tools.ts'
import { startTestInstance, type TestInstance } from './instance.ts'
import { makeClip } from './make-media.ts'
import { file } from './origin-answers.ts'
import { startOrigin, type Origin } from './origin.ts'
import { inState } from './server-messages.ts'

let dir: string
let sluice: TestInstance
let origin: Origin
let long: string
let other: string

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'sluice-retry-'))
  await breakPackager()
  const settings = { SLUICE_CHUNK_MS: '4000', SLUICE_PACKAGER: join(dir, 'packager') }
  ;[sluice, origin] = await Promise.all([startTestInstance(settings), startOrigin()])
  const { ffmpeg } = sluice.config.tools
  // Not H.264, so that it is encoded.
  const options = ['-c:v', 'mpeg4', '-b:v', '1M']
  long = await makeClip(ffmpeg, join(dir, 'long.mp4'), { seconds: 10, size: '320x180', options })
  other = await makeClip(ffmpeg, join(dir, 'other.mp4'), { seconds: 6, size: '320x180', options })
})
afterAll(async () => {
  await sluice.dispose()
  await origin.close()
  await rm(dir, { recursive: true, force: true })
})

const packagerIs = async (script: string): Promise<void> => {
  await writeFile(join(dir, 'packager'), `#!/bin/sh\n${script}\n`)
  await chmod(join(dir, 'packager'), 0o755)
}
const breakPackager = () => packagerIs('echo broken >&2; exit 1')
const mendPackager = () => packagerIs(`exec "${readInstalledTools().packager}" "$@"`)

const requestsFor = (path: string): number => origin.seen.filter((request) => request.path === path).length
const workOf = async ({ id }: Job): Promise<string[]> =>
  (await readdir(join(sluice.config.dataDir, 'work'))).filter((name) => name === id)

/** Fails at the packager, after all has been encoded. */
const failing = async (path: string): Promise<Job> => {
  await breakPackager()
  const job = await sluice.run({ url: origin.urlOf(path), preset: 'stream', force: true })
  expect(job).toMatchObject({ state: 'failed', error: { code: 'ToolCrashed', step: 'package' } })
  expect(await workOf(job)).toEqual([job.id])
  return job
}

/** Runs a job again, and says which parts of its encode were made again. */
const retried = async (job: Job): Promise<{ ended: Job; encoded: Set<string | null> }> => {
  const encoded = new Set<string | null>()
  expect((await sluice.call('POST', `/jobs/${job.id}/retry`)).status).toBe(202)
  await sluice.seen(job.id, (message: ServerMessage) => {
    if (message.type === 'progress' && message.step === 'transcode' && message.done > 0) encoded.add(message.part)
    return inState('succeeded')(message)
  })
  return { ended: await sluice.ended(job.id), encoded }
}

it('goes on from what is finished, and leaves nothing behind', async () => {
  origin.on('/long.mp4', file(long))
  const job = await failing('/long.mp4')
  expect(requestsFor('/long.mp4')).toBe(2)
  await mendPackager()
  const { ended, encoded } = await retried(job)
  expect(ended).toMatchObject({ state: 'succeeded', run: 2 })
  expect([...encoded]).toEqual([])
  // What is there was asked again, and nothing fetched.
  expect(requestsFor('/long.mp4')).toBe(3)
  expect((await sluice.media(ended)).durationMs).toBeCloseTo(10_000, -2)
  expect(await workOf(job)).toEqual([])
})

it('takes nothing of a source that has changed since', async () => {
  origin.on('/changing.mp4', file(long))
  const job = await failing('/changing.mp4')
  await mendPackager()
  origin.on('/changing.mp4', file(other))
  const { ended, encoded } = await retried(job)
  expect(encoded.size).toBeGreaterThan(0)
  expect((await sluice.media(ended)).durationMs).toBeCloseTo(6_000, -2)
})

it('is not needed by a job that is deleted: what was kept for it goes', async () => {
  origin.on('/unwanted.mp4', file(other))
  const job = await failing('/unwanted.mp4')
  expect((await sluice.call('DELETE', `/jobs/${job.id}`)).status).toBe(204)
  expect(await workOf(job)).toEqual([])
})
