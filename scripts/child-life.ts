import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { openLogFile } from './log-file.ts'
import { isWorthSaying, parseLogLine, type LogLine } from './log-line.ts'
import { dyingWithParent } from './parent-death.ts'

export interface ProcessSpec {
  /** In the instance file and of the log: `api`. */
  name: string
  /** For people: `The API`. */
  title: string
  command: string
  args: readonly string[]
  cwd: string
  env: NodeJS.ProcessEnv
  logPath: string
  /** Whether warnings and errors of its log are shown on the terminal, too. */
  showsWarnings: boolean
  /** Resolves when it can be used; null where the log line `ready` says so. */
  whenUp: ((signal: AbortSignal) => Promise<void>) | null
  /** How long becoming ready may take; null: as long as it likes. */
  readyWithinMs: number | null
}

/** One run of a process. */
export interface Life {
  /** Null where it could not even be started. */
  pid: number | null
  ready: Promise<void>
  /** How it ended: `exit code 1`, `SIGKILL`. */
  ended: Promise<string>
  /** The end of what it wrote to standard error. */
  lastWords(): string
}

const LAST_WORDS = 12
/** Lines a process may put on the terminal in a minute; all are in its log. */
const SAID_PER_MINUTE = 10
const MAX_LINE = 400

/** Starts a process in a group of its own, so that Ctrl-C reaches it only in the order of stopping. */
export const launch = (spec: ProcessSpec, say: (line: string) => void): Life => {
  const [command, ...args] = dyingWithParent(spec.command, spec.args)
  const child = spawn(command, args, {
    cwd: spec.cwd,
    env: spec.env,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const log = openLogFile(spec.logPath)
  const errors: string[] = []
  const over = new AbortController()
  let saidReady = () => {}
  const readyLine = new Promise<void>((resolve) => (saidReady = resolve))

  const sayFew = limitPerMinute(SAID_PER_MINUTE, say, `more from ${spec.name} is in ${spec.logPath}`)
  const onLine = (line: string): LogLine => {
    log.write(line)
    const parsed = parseLogLine(line)
    if (parsed.fields['msg'] === 'ready') saidReady()
    if (spec.showsWarnings && isWorthSaying(parsed)) {
      sayFew(`${spec.name} ${parsed.level}: ${parsed.message.slice(0, MAX_LINE)}`)
    }
    return parsed
  }
  const output = createInterface({ input: child.stdout })
  const complaints = createInterface({ input: child.stderr })
  output.on('line', onLine)
  complaints.on('line', (line) => {
    errors.push(onLine(line).message)
    if (errors.length > LAST_WORDS) errors.shift()
  })

  const ended = new Promise<string>((resolve) => {
    child.once('error', (error) => resolve(error.message))
    // `close` comes after the last line, but not as long as a grandchild holds the pipe.
    child.once('exit', (code, signal) => {
      const ending = signal ?? `exit code ${code}`
      const timer = setTimeout(() => resolve(ending), 500)
      child.once('close', () => {
        clearTimeout(timer)
        resolve(ending)
      })
    })
  }).finally(() => {
    over.abort()
    log.close()
  })
  const up = spec.whenUp ? spec.whenUp(over.signal) : readyLine
  const late = spec.readyWithinMs === null ? null : sleep(spec.readyWithinMs, undefined, { signal: over.signal })
  const ready = Promise.race([
    up,
    ended.then(() => Promise.reject(new Error('ended before it was ready'))),
    ...(late ? [late.then(() => Promise.reject(new Error('not ready in time')))] : []),
  ])
  return { pid: child.pid ?? null, ready, ended, lastWords: () => errors.join('\n') }
}

const limitPerMinute = (count: number, say: (line: string) => void, last: string): ((line: string) => void) => {
  let minute = 0
  let said = 0
  return (line) => {
    const now = Math.floor(Date.now() / 60_000)
    if (now !== minute) [minute, said] = [now, 0]
    said += 1
    if (said <= count) say(line)
    else if (said === count + 1) say(last)
  }
}
