import { execFile } from 'node:child_process'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { promisify } from 'node:util'
import { expect, vi } from 'vitest'
import type { Job } from '../../contract/jobs.ts'
import { startTestInstance } from './instance.ts'
import { makeClip } from './make-media.ts'
import { file } from './origin-answers.ts'
import { createGate } from './origin-gate.ts'
import { startOrigin } from './origin.ts'
import { toolsRunningIn } from './running-tools.ts'
import { inState } from './server-messages.ts'

export type WishLine = Awaited<ReturnType<typeof createWishLine>>

/**
 * An instance with one slot for downloads and short chunks, an origin with a clip that takes long to encode (`/long.mp4`), and
 * what is wished of jobs.
 */
export const createWishLine = async () => {
  const settings = { SLUICE_DOWNLOAD_SLOTS: '1', SLUICE_CHUNK_MS: '5000' }
  const [sluice, origin] = await Promise.all([startTestInstance(settings, { slowEncoder: true }), startOrigin()])
  const { dataDir, tools } = sluice.config
  // Not H.264, so that it is encoded, for long enough to be interrupted.
  const options = ['-c:v', 'mpeg4', '-b:v', '2M']
  const long = await makeClip(tools.ffmpeg, join(dataDir, 'long.mp4'), { seconds: 30, size: '640x360', options })
  const short = await makeClip(tools.ffmpeg, join(dataDir, 'short.mp4'))
  origin.on('/long.mp4', file(long))

  const ask = async (job: Job, word: string): Promise<Job> => {
    const { status: code, body } = await sluice.call<Job>('POST', `/jobs/${job.id}/${word}`)
    expect(code).toBe(202)
    return body
  }
  const toolsRunning = (): Promise<string[]> => toolsRunningIn(dataDir)

  return {
    sluice,
    origin,
    short,
    ask,
    toolsRunning,
    /** Serves the short clip under a name of its own. */
    serve: (name: string): string => {
      origin.on(`/${name}.mp4`, file(short))
      return origin.urlOf(`/${name}.mp4`)
    },
    /** Serves the beginning of the short clip under a name of its own; the rest comes when it is let go. */
    serveHeld: (name: string): { url: string; letGo: () => void } => {
      const gate = createGate()
      origin.on(`/${name}.mp4`, file(short, { held: { afterBytes: 20_000, gate } }))
      return { url: origin.urlOf(`/${name}.mp4`), letGo: () => gate.open() }
    },
    rangesOf: (name: string) => origin.seen.filter(({ path }) => path === `/${name}.mp4`).map(({ range }) => range),
    read: async (job: Job): Promise<Job> => (await sluice.call<Job>('GET', `/jobs/${job.id}`)).body,
    /** Asks for something and measures until the job is in a state, in ms. */
    timed: async (job: Job, word: string, state: string): Promise<number> => {
      const reached = sluice.seen(job.id, inState(state))
      const askedAt = Date.now()
      await ask(job, word)
      await reached
      return Date.now() - askedAt
    },
    commandLine: (...words: string[]) =>
      promisify(execFile)(process.execPath, ['--import', 'tsx', 'cli.ts', '--data', dataDir, ...words]),
    /** As a debugger would: it is there, and answers nobody. */
    haltTemporal: () => sluice.signalTo('temporal', 'SIGSTOP'),
    resumeTemporal: () => sluice.signalTo('temporal', 'SIGCONT'),
    /** Halts Temporal, and waits until its last answer is so old that the next job is not sent off without asking: 2 s. */
    loseTemporal: async (): Promise<void> => {
      await sluice.signalTo('temporal', 'SIGSTOP')
      await vi.waitFor(async () => expect((await fetch(`${sluice.url}/readyz`)).status).toBe(503), { timeout: 60_000 })
      await wait(2_100)
    },
    expectNothingLeft: async (job: Job): Promise<void> => {
      expect(await readdir(join(dataDir, 'work'))).not.toContain(job.id)
      expect(await readdir(join(dataDir, 'scratch'))).toEqual([])
      expect(await toolsRunning()).toEqual([])
    },
    close: async () => {
      await sluice.dispose()
      await origin.close()
    },
  }
}
