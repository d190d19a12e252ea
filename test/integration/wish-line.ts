import { execFile } from 'node:child_process'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { promisify } from 'node:util'
import { expect, vi } from 'vitest'
import type { Job } from '../../contract/jobs.ts'
import type { ServerMessage } from '../../contract/socket.ts'
import { readInstance } from '../../scripts/instance-file.ts'
import { startTestInstance } from './instance.ts'
import { makeClip } from './make-media.ts'
import { file } from './origin-answers.ts'
import { startOrigin } from './origin.ts'
import { toolsRunningIn } from './running-tools.ts'

export type WishLine = Awaited<ReturnType<typeof createWishLine>>

export const progressOf = (step: string) => (message: ServerMessage) =>
  message.type === 'progress' && message.step === step && message.done > 0
export const inState = (state: string) => (message: ServerMessage) =>
  (message.type === 'state' && message.state === state) || (message.type === 'snapshot' && message.job.state === state)

/**
 * An instance with one slot for downloads and short chunks, an origin with a clip that takes long to encode (`/long.mp4`), and
 * what is wished of jobs.
 */
export const createWishLine = async () => {
  const [sluice, origin] = await Promise.all([
    startTestInstance({ SLUICE_DOWNLOAD_SLOTS: '1', SLUICE_CHUNK_MS: '5000' }),
    startOrigin(),
  ])
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
  const pidOf = (name: string): number | undefined =>
    readInstance(dataDir)?.processes.find((candidate) => candidate.name === name)?.pid
  const stopProcess = (name: string): void => void process.kill(pidOf(name) ?? 0, 'SIGSTOP')
  const toolsRunning = (): Promise<string[]> => toolsRunningIn(dataDir)

  return {
    sluice,
    origin,
    short,
    ask,
    stopProcess,
    toolsRunning,
    /** Serves the short clip slowly, under a name of its own. */
    serveSlowly: (name: string, bytesPerSecond = 25_000): string => {
      origin.on(`/${name}.mp4`, file(short, { bytesPerSecond }))
      return origin.urlOf(`/${name}.mp4`)
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
    resumeProcess: (name: string): void => {
      const pid = pidOf(name)
      if (pid !== undefined) process.kill(pid, 'SIGCONT')
    },
    /** Stops Temporal, and waits until its last answer is so old that the next job is not sent off without asking: 2 s. */
    loseTemporal: async (): Promise<void> => {
      stopProcess('temporal')
      await wait(2_100)
      await vi.waitFor(async () => expect((await fetch(`${sluice.url}/readyz`)).status).toBe(503), { timeout: 20_000 })
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
