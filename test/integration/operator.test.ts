import { execFile } from 'node:child_process'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import type { Job } from '../../contract/jobs.ts'
import { isEnded, SIGNALS, workflowIdOf } from '../../contract/names.ts'
import type { ServerMessage } from '../../contract/socket.ts'
import { readInstance } from '../../scripts/instance-file.ts'
import { startTestInstance, type TestInstance } from './instance.ts'
import { makeClip } from './make-media.ts'
import { file } from './origin-answers.ts'
import { startOrigin, type Origin } from './origin.ts'
import { toolsRunningIn } from './running-tools.ts'
import { progressOf } from './server-messages.ts'

const run = promisify(execFile)

/** How long the catalog may take to show what an operator did: it looks every 2 s. Who only reconciles comes after a minute. */
const SHOWN_WITHIN_MS = 20_000
/** And how long a short job may take to its end, beside other tests. */
const ENDED_WITHIN_MS = 120_000

let sluice: TestInstance
let origin: Origin

beforeAll(async () => {
  ;[sluice, origin] = await Promise.all([startTestInstance({}, { slowEncoder: true }), startOrigin()])
  const { ffmpeg } = sluice.config.tools
  // Not H.264, so that it is encoded, for long enough to be interrupted.
  const options = ['-c:v', 'mpeg4', '-b:v', '2M']
  const long = await makeClip(ffmpeg, join(sluice.config.dataDir, 'long.mp4'), {
    seconds: 30,
    size: '640x360',
    options,
  })
  origin.on('/long.mp4', file(long))
  origin.on('/short.mp4', file(await makeClip(ffmpeg, join(sluice.config.dataDir, 'short.mp4'))))
})
afterAll(async () => {
  await sluice.dispose()
  await origin.close()
})

const submit = (path: string): Promise<Job> => sluice.submit({ url: origin.urlOf(path), preset: 'web', force: true })
const read = async (job: Job): Promise<Job> => (await sluice.call<Job>('GET', `/jobs/${job.id}`)).body
const atWork = (job: Job): Promise<ServerMessage> => sluice.seen(job.id, progressOf('transcode'))

/** What an operator types. */
const temporal = (verb: string, job: Job, ...options: string[]): Promise<unknown> => {
  const address = readInstance(sluice.config.dataDir)?.temporalAddress ?? ''
  const workflow = ['--workflow-id', workflowIdOf('ingest', job.id, 1)]
  return run(sluice.config.tools.temporal, ['workflow', verb, '--address', address, ...workflow, ...options])
}
const reset = (job: Job, ...point: string[]): Promise<unknown> =>
  temporal('reset', job, '--reason', 'by hand', ...point)

/** Waits until the job looks so, as a client reads it. */
const shown = async (job: Job, looks: (now: Job) => boolean, timeout = SHOWN_WITHIN_MS): Promise<Job> => {
  const found = await vi.waitFor(
    async () => {
      const now = await read(job)
      if (!looks(now)) throw new Error(`${now.state}: ${JSON.stringify(now.error)}`)
      return now
    },
    { timeout, interval: 100 },
  )
  return found
}

const hasEndedSince =
  (before: Job) =>
  ({ revision, state }: Job): boolean =>
    revision > before.revision && isEnded(state)

const expectNothingAtWork = async (): Promise<void> => {
  const look = async (): Promise<void> => {
    expect(await toolsRunningIn(sluice.config.dataDir)).toEqual([])
    expect(await readdir(join(sluice.config.dataDir, 'scratch'))).toEqual([])
  }
  await vi.waitFor(look, { timeout: SHOWN_WITHIN_MS, interval: 100 })
}

describe('what an operator does in Temporal', () => {
  it('terminate: the job has failed and says why, nothing runs on, and a retry goes on from there', async () => {
    const job = await submit('/long.mp4')
    await atWork(job)
    await temporal('terminate', job, '--reason', 'by hand')
    await shown(job, ({ state, error }) => state === 'failed' && error?.code === 'WorkflowTerminated')
    await expectNothingAtWork()
    expect((await sluice.call('POST', `/jobs/${job.id}/retry`)).status).toBe(202)
    expect(await sluice.ended(job.id)).toMatchObject({ state: 'succeeded', error: null })
  })

  it('cancel: the job is cancelled and leaves nothing', async () => {
    const job = await submit('/long.mp4')
    await atWork(job)
    await temporal('cancel', job)
    await shown(job, ({ state }) => state === 'cancelled')
    await expectNothingAtWork()
    expect(await readdir(join(sluice.config.dataDir, 'work'))).not.toContain(job.id)
  })

  it('signals: the job is paused, and goes on', async () => {
    const job = await submit('/long.mp4')
    await atWork(job)
    await temporal('signal', job, '--name', SIGNALS.pause)
    expect(await shown(job, ({ state }) => state === 'paused')).toMatchObject({ pauseRequested: true })
    await temporal('signal', job, '--name', SIGNALS.resume)
    expect(await shown(job, ({ state }) => state === 'running')).toMatchObject({ pauseRequested: false })
    await temporal('cancel', job)
    await shown(job, ({ state }) => state === 'cancelled')
  })

  it('reset of a running job: it goes on from there, under new counts, to its end', async () => {
    const job = await submit('/long.mp4')
    await atWork(job)
    const before = await read(job)
    await reset(job, '--type', 'FirstWorkflowTask')
    const begun = await shown(job, ({ revision, steps }) => {
      return revision > before.revision && steps.find(({ name }) => name === 'download')?.state !== 'pending'
    })
    expect(begun.state).toBe('running')
    const ended = await sluice.ended(job.id)
    expect(ended).toMatchObject({ state: 'succeeded', percent: 100, run: 1, error: null })
    expect((await sluice.media(ended)).files.length).toBeGreaterThan(3)
    await expectNothingAtWork()
  })

  it('reset of jobs that have ended: they run again, and end once more', async () => {
    const first = await sluice.run({ url: origin.urlOf('/short.mp4'), preset: 'web', force: true })
    expect(first).toMatchObject({ state: 'succeeded' })
    // Back to before the end, when all that the steps had made has been cleared away.
    await reset(first, '--type', 'LastWorkflowTask')
    const second = await shown(first, hasEndedSince(first), ENDED_WITHIN_MS)
    expect(second).toMatchObject({ state: 'succeeded' })
    await reset(second, '--type', 'FirstWorkflowTask')
    const third = await shown(second, hasEndedSince(second), ENDED_WITHIN_MS)
    expect(third).toMatchObject({ state: 'succeeded', percent: 100, error: null })
    await sluice.media(third)

    const ill = await sluice.run({ url: origin.urlOf('/missing.mp4'), preset: 'web', force: true })
    expect(ill).toMatchObject({ state: 'failed', error: { code: 'SourceNotFound' } })
    await reset(ill, '--type', 'FirstWorkflowTask')
    expect(await shown(ill, hasEndedSince(ill), ENDED_WITHIN_MS)).toMatchObject({
      state: 'failed',
      error: { code: 'SourceNotFound' },
    })
  })

  it('reset of a run that a retry has followed: it ends, and the retry is left alone', async () => {
    const job = await submit('/long.mp4')
    await atWork(job)
    await temporal('terminate', job, '--reason', 'by hand')
    await shown(job, ({ state }) => state === 'failed')
    expect((await sluice.call('POST', `/jobs/${job.id}/retry`)).status).toBe(202)
    await atWork(job)
    await reset(job, '--type', 'LastWorkflowTask')
    const { client, close } = await sluice.temporal()
    await expect(client.workflow.getHandle(workflowIdOf('ingest', job.id, 1)).result()).rejects.toMatchObject({
      cause: { type: 'Disowned' },
    })
    await close()
    expect(await sluice.ended(job.id)).toMatchObject({ state: 'succeeded', run: 2, error: null })
  })
})
