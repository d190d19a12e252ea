import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { setPriority } from 'node:os'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { findInstance } from '../../cli/find-instance.ts'
import { dyingWithParent } from '../../scripts/parent-death.ts'
import { signalIfThere } from '../integration/running-tools.ts'
import { ownProcesses, type OwnProcess } from './own-processes.ts'
import { SERVERS, type Victim } from './schedule.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
/** Others use this machine, too. */
const NICE = 10
const STOP_WITHIN_MS = 60_000
const CALL_TIMEOUT_MS = 10_000
const TRY_AGAIN_MS = 200

export interface Answer<T> {
  status: number
  body: T
}

export interface ChaosInstance {
  dataDir: string
  /** Asks until there is an answer that is not the server's trouble, whatever is down meanwhile. */
  call<T>(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<Answer<T>>
  /** Processes of the instance that a fault may meet. */
  find(victim: Victim): OwnProcess[]
  temporalAddress(): string
  apiPort(): number
  /** What the supervisor said. */
  said: readonly string[]
  /** As Ctrl-C does; ends with what is left of its processes after all. */
  stop(): Promise<OwnProcess[]>
}

export interface ChaosInstanceOptions {
  dataDir: string
  settings: Readonly<Record<string, string>>
  tools: { ffmpeg: string; ytdlp: string }
}

/** Runs `npm start`'s supervisor, with ports and a data directory of its own, at low priority. */
export const startChaosInstance = async (options: ChaosInstanceOptions): Promise<ChaosInstance> => {
  const { dataDir, settings, tools } = options
  const [command, ...args] = dyingWithParent(process.execPath, ['--import', 'tsx', 'scripts/start.ts'])
  const child = spawn(command, args, {
    cwd: ROOT,
    env: { PATH: process.env['PATH'], SLUICE_DATA: dataDir, ...settings },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  })
  if (child.pid !== undefined) setPriority(child.pid, NICE)
  const said: string[] = []
  await running(child, said)

  const address = () => {
    const found = findInstance(dataDir)
    if (!found) throw new Error(`the supervisor has gone:\n${said.slice(-20).join('\n')}`)
    return found
  }
  const isVictim = (victim: Victim, { pid, command: words }: OwnProcess): boolean => {
    // Those that look at finished media are ours.
    const looks = words.some((word) => word.startsWith(`${dataDir}/library/`))
    if (victim === 'ffmpeg') return words[0] === tools.ffmpeg && !looks
    if (victim === 'ytdlp') return words.includes(tools.ytdlp)
    return address().instance.processes.some(({ name, pid: known }) => name === victim && known === pid)
  }
  return {
    dataDir,
    said,
    temporalAddress: () => address().instance.temporalAddress,
    apiPort: () => Number(new URL(address().url).port),
    find: (victim) => ownProcesses(dataDir).filter((candidate) => isVictim(victim, candidate)),
    call: async <T>(method: string, path: string, body?: unknown, headers: Record<string, string> = {}) => {
      for (;;) {
        const answer = await callOnce<T>(address(), { method, path, body, headers })
        if (answer && answer.status < 500) return answer
        await sleep(TRY_AGAIN_MS)
      }
    },
    stop: async () => {
      if (child.exitCode === null && child.signalCode === null) {
        const ended = once(child, 'exit')
        child.kill('SIGTERM')
        await Promise.race([ended, sleep(STOP_WITHIN_MS, undefined, { ref: false })])
      }
      const left = ownProcesses(dataDir)
      for (const { pid } of left) signalIfThere(pid, 'SIGKILL')
      return left
    },
  }
}

/** Null where nothing answers. */
const callOnce = async <T>(
  { url, token }: { url: string; token: string },
  request: { method: string; path: string; body: unknown; headers: Record<string, string> },
): Promise<Answer<T> | null> => {
  try {
    const response = await fetch(`${url}/api/v1${request.path}`, {
      method: request.method,
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json', ...request.headers },
      signal: AbortSignal.timeout(CALL_TIMEOUT_MS),
      ...(request.body === undefined ? {} : { body: JSON.stringify(request.body) }),
    })
    const text = await response.text()
    return { status: response.status, body: (text === '' ? null : JSON.parse(text)) as T }
  } catch {
    // Down, stopped, or cut off in the middle of its answer.
    return null
  }
}

const running = async (child: ChildProcess, said: string[]): Promise<void> => {
  const { stdout, stderr } = child
  if (!stdout || !stderr) throw new Error('no output to read')
  await new Promise<void>((resolve, reject) => {
    for (const stream of [stdout, stderr]) {
      createInterface({ input: stream }).on('line', (line) => {
        said.push(line)
        if (line.startsWith('Sluice is running')) resolve()
      })
    }
    child.once('exit', () => reject(new Error(`the instance does not start:\n${said.join('\n')}`)))
  })
}

export const isServer = (victim: Victim): boolean => (SERVERS as readonly Victim[]).includes(victim)
