import { cp, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { Client, Connection } from '@temporalio/client'
import { WebSocket } from 'ws'
import { parseConfig, type Config } from '../../config.ts'
import type { Job } from '../../contract/jobs.ts'
import type { Info, Media } from '../../contract/media.ts'
import { isEnded, JOB_STATES } from '../../contract/names.ts'
import type { ServerMessage } from '../../contract/socket.ts'
import { readInstance } from '../../scripts/instance-file.ts'
import { startInstance, type RunningInstance } from '../../scripts/instance.ts'
import { readInstalledTools } from '../../scripts/installed-tools.ts'
import { signalIfThere } from './running-tools.ts'
import { inState } from './server-messages.ts'
import { writeSlowEncoder } from './slow-encoder.ts'

export interface Answer<T> {
  status: number
  body: T
}

/** A whole Sluice of the test's own: supervisor, Temporal, API and worker, in a temporary data directory. */
export interface TestInstance extends RunningInstance {
  config: Config
  call<T>(method: string, path: string, body?: unknown): Promise<Answer<T>>
  /** Accepts one job; fails the test where it is refused. */
  submit(body: object): Promise<Job>
  /** Waits on the progress socket for the job's end, across restarts of the API, and returns the job. */
  ended(jobId: string): Promise<Job>
  /** Waits on the progress socket for a job that looks so; fails where the job ends without. */
  seen(jobId: string, looksRight: (message: ServerMessage) => boolean): Promise<ServerMessage>
  run(body: object): Promise<Job>
  media(job: Job): Promise<Media>
  info(url: string): Promise<Answer<Info & { code: string; detail: string }>>
  /** Sends a signal to one of `temporal`, `api`, `worker`, once there is one: between two lives there is none. Gives its pid. */
  signalTo(name: string, signal: NodeJS.Signals): Promise<number>
  /** Ends one of them as a crash would; the supervisor starts it again. */
  kill9(name: string): Promise<number>
  temporal(): Promise<{ client: Client; close: () => Promise<void> }>
  dispose(): Promise<void>
}

/** @param options.slowEncoder whether H.264 is encoded slowly enough to be interrupted on any machine. */
export const startTestInstance = async (
  settings: Record<string, string> = {},
  { slowEncoder = false } = {},
): Promise<TestInstance> => {
  const dir = await mkdtemp(join(tmpdir(), 'sluice-test-'))
  const dataDir = settings['SLUICE_DATA'] ?? join(dir, 'data')
  const tools = readInstalledTools()
  const env = {
    SLUICE_DATA: dataDir,
    SLUICE_PORT: '0',
    SLUICE_TEMPORAL_PORT: '0',
    SLUICE_TEMPORAL_UI_PORT: '0',
    SLUICE_ALLOW_ADDRESSES: '*',
    ...(slowEncoder ? { SLUICE_FFMPEG: await writeSlowEncoder(dir, parseConfig({}, tools).tools.ffmpeg) } : {}),
    ...settings,
  }
  const config = parseConfig(env, tools)
  const said: string[] = []
  const say = (line: string) => void said.push(line)
  const instance = await startInstance({
    config,
    env: { ...env, PATH: process.env['PATH'] },
    say,
    signal: new AbortController().signal,
  })
  const headers = { authorization: `Bearer ${instance.token}`, 'content-type': 'application/json' }

  const call = async <T>(method: string, path: string, body?: unknown): Promise<Answer<T>> => {
    const init = { method, headers, ...(body === undefined ? {} : { body: JSON.stringify(body) }) }
    const response = await fetch(`${instance.url}/api/v1${path}`, init)
    const text = await response.text()
    return { status: response.status, body: (text === '' ? null : JSON.parse(text)) as T }
  }

  /** Reconnects until the wanted message has come: a snapshot tells what was missed. */
  const seen: TestInstance['seen'] = async (jobId, looksRight) => {
    for (;;) {
      const found = await listen(instance, jobId, looksRight)
      if (found) return found
    }
  }

  const ended = async (jobId: string): Promise<Job> => {
    await seen(jobId, hasEnded)
    return (await call<Job>('GET', `/jobs/${jobId}`)).body
  }

  const signalTo: TestInstance['signalTo'] = async (name, signal) => {
    for (;;) {
      const found = readInstance(dataDir)?.processes.find((candidate) => candidate.name === name)
      if (found && signalIfThere(found.pid, signal)) return found.pid
      await wait(20)
    }
  }

  const submit = async (body: object): Promise<Job> => {
    const answer = await call<Job>('POST', '/jobs', body)
    if (answer.status >= 300) throw new Error(`refused with ${answer.status}: ${JSON.stringify(answer.body)}`)
    return answer.body
  }

  return {
    ...instance,
    config,
    call,
    submit,
    seen,
    ended,
    run: async (body) => ended((await submit(body)).id),
    media: async (job) => {
      const [id] = job.result?.mediaIds ?? []
      if (id === undefined) throw new Error(`the job has no media: ${JSON.stringify(job.error)}\n${said.join('\n')}`)
      return (await call<Media>('GET', `/media/${id}`)).body
    },
    info: (url) => call('POST', '/info', { url }),
    signalTo,
    kill9: (name) => signalTo(name, 'SIGKILL'),
    temporal: async () => {
      const address = readInstance(dataDir)?.temporalAddress
      const connection = await Connection.connect({ address })
      return { client: new Client({ connection }), close: () => connection.close() }
    },
    dispose: async () => {
      await instance.stop()
      // For people: set LOGS to a folder.
      const folder = process.env['LOGS']
      if (folder !== undefined) await cp(join(dataDir, 'logs'), join(folder, basename(dir)), { recursive: true })
      for (const path of [dataDir, dir]) await rm(path, { recursive: true, force: true })
    },
  }
}

const hasEnded = inState(...JOB_STATES.filter(isEnded))

/** Null where the connection ended before the message came. */
const listen = (
  { url, token }: RunningInstance,
  jobId: string,
  looksRight: (message: ServerMessage) => boolean,
): Promise<ServerMessage | null> =>
  new Promise((resolve, reject) => {
    const headers = { authorization: `Bearer ${token}` }
    const socket = new WebSocket(`${url.replace('http', 'ws')}/api/v1/progress`, ['sluice.v1'], { headers })
    socket.on('open', () => socket.send(JSON.stringify({ type: 'subscribe', jobs: [jobId] })))
    socket.on('message', (data) => {
      const message = JSON.parse((data as Buffer).toString()) as ServerMessage
      if (looksRight(message)) resolve(message)
      else if (hasEnded(message))
        reject(new Error(`the job ended before that was seen: ${(data as Buffer).toString()}`))
      else return
      socket.close()
    })
    // A refused connection would otherwise be tried again at once, over and over.
    socket.on('error', () => setTimeout(() => resolve(null), 100))
    socket.on('close', () => resolve(null))
  })
