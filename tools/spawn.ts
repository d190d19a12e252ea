import { existsSync } from 'node:fs'
import { setPriority, tmpdir } from 'node:os'
import { dirname, isAbsolute } from 'node:path'
import { execa } from 'execa'
import { startErrorIn, stderrTail, toolFailure, withEnd, type ToolEnd } from './spawn-failure.ts'
import { groupGone } from './spawn-group.ts'
import { readOutput } from './spawn-output.ts'
import { commandLine } from './spawn-redact.ts'
import { superviseGroup } from './spawn-supervise.ts'

/** One run of one program. */
export interface ToolRun {
  /** Name for messages and settings: `ffmpeg`, `ytdlp`. */
  tool: string
  /** The program: an absolute path, or a name looked up in the usual folders. */
  path: string
  args: readonly string[]
  /** A private folder; also the program's HOME and TMPDIR. Default: the system's folder for temporary files. */
  cwd?: string | undefined
  /** Added to the minimal environment; nothing of ours is inherited. */
  env?: Readonly<Record<string, string>> | undefined
  /** Ends the program; the promise rejects with the signal's reason once every process of the group is dead. */
  signal?: AbortSignal | undefined
  /** 0 to 19: how willingly the program yields the processor to others. */
  nice?: number | undefined
  /** Milliseconds without progress after which the program is stopped; default: no limit. */
  stallMs?: number | undefined
  /** Whether a line of either stream shows progress; default: any output does. */
  isProgress?: ((line: string) => boolean) | undefined
  /** Takes stdout line by line as it arrives (a carriage return ends a line); stdout is then not collected. */
  onStdoutLine?: ((line: string) => void) | undefined
  onStderrLine?: ((line: string) => void) | undefined
  /** Called with each sign of progress. */
  onAlive?: (() => void) | undefined
  /** Called once the program runs; `touch` counts as progress, for programs whose progress is seen elsewhere. */
  onStart?: ((running: { pid: number; touch: () => void }) => void) | undefined
  /** Collected stdout past this ends the program; default 16 MiB. */
  maxOutputBytes?: number | undefined
  /** Which exit codes are success; default: 0. */
  acceptExit?: ((code: number) => boolean) | undefined
  log?: { debug(fields: object, message: string): void } | undefined
}

export interface ToolResult {
  /** All of stdout as UTF-8; empty when `onStdoutLine` took it. */
  stdout: string
  /** The last 2,000 characters of stderr, secrets and query strings removed. */
  stderrTail: string
  exitCode: number
  durationMs: number
}

/** The largest known answer, yt-dlp's JSON of a video with hundreds of formats, is about 2 MiB. */
const DEFAULT_MAX_OUTPUT_BYTES = 16 * 1024 * 1024
/** Where systems and their package managers put programs; the folder of the program itself comes first. */
const SYSTEM_PATH = '/usr/local/bin:/usr/bin:/bin:/opt/homebrew/bin:/opt/local/bin'

/**
 * Runs a program to its end. No shell, no stdin, a process group of its own; the promise settles only when every process of
 * that group is dead, however it ends. On Linux the program dies with this process, even if that is killed.
 * @throws SluiceError ToolMissing, ToolCrashed, ToolKilled, ToolStalled, DiskFull; `signal.reason` when aborted; whatever a callback
 * throws, which ends the program.
 */
export const runTool = async (run: ToolRun): Promise<ToolResult> => {
  const prefix = await parentDeathPrefix()
  run.signal?.throwIfAborted()
  run.log?.debug({ tool: run.tool, command: commandLine(run.path, run.args) }, 'program starts')
  const startedAt = performance.now()
  const [file = run.path, ...args] = [...prefix, run.path, ...run.args]
  const child = execa(file, args, {
    cwd: run.cwd,
    env: environmentOf(run),
    extendEnv: false,
    stdin: 'ignore',
    detached: true,
    // The streams are read as they come; a second copy of the output would grow with it.
    buffer: false,
    reject: false,
    // It would end the child alone and not its group.
    cleanup: false,
  })
  if (child.pid === undefined) throw toolFailure(endOf(run, await child, ''))
  const { pid } = child
  const group = superviseGroup(pid, run)
  const output = readOutput(child, { ...run, maxOutputBytes: run.maxOutputBytes ?? DEFAULT_MAX_OUTPUT_BYTES }, group)
  child.once('exit', () => {
    group.leaderEnded()
    output.limitPipes()
  })
  const { nice } = run
  // Before its first thread starts, so that all threads inherit it; another program in the chain would cost another exec.
  if (nice !== undefined) group.guard(() => setPriority(pid, nice))
  group.guard(() => run.onStart?.({ pid, touch: () => group.touch() }))
  const ended = await child
  output.end()
  await groupGone(pid)
  group.release()
  const end = endOf(run, ended, output.stderr())
  const durationMs = performance.now() - startedAt
  run.log?.debug({ tool: run.tool, exitCode: end.exitCode, signal: end.signal, durationMs }, 'program ended')
  const stopped = group.stopReason()
  if (stopped !== null) throw withEnd(stopped.error, end)
  const accepts = run.acceptExit ?? ((code) => code === 0)
  if (end.startError !== null || end.exitCode === null || !accepts(end.exitCode)) throw toolFailure(end)
  return { stdout: output.stdout(), stderrTail: stderrTail(end.stderr), exitCode: end.exitCode, durationMs }
}

/** Without it a killed worker would leave encoders behind. Only util-linux has the option, so it is tried once. */
let parentDeath: Promise<string[]> | null = null
const parentDeathPrefix = (): Promise<string[]> => (parentDeath ??= findParentDeathPrefix())

const findParentDeathPrefix = async (): Promise<string[]> => {
  if (process.platform !== 'linux') return []
  const args = ['--pdeathsig', 'KILL', '--']
  const tried = await execa('setpriv', [...args, 'true'], {
    env: { PATH: SYSTEM_PATH },
    extendEnv: false,
    reject: false,
    stdio: 'ignore',
  })
  return tried.failed ? [] : ['setpriv', ...args]
}

const environmentOf = (run: ToolRun): Record<string, string> => {
  const home = run.cwd ?? tmpdir()
  const own = isAbsolute(run.path) ? `${dirname(run.path)}:` : ''
  return { PATH: `${own}${SYSTEM_PATH}`, HOME: home, TMPDIR: home, LANG: 'C.UTF-8', ...run.env }
}

const endOf = (
  run: ToolRun,
  ended: { exitCode?: number | undefined; signal?: string | undefined; code?: string | undefined },
  stderr: string,
): ToolEnd => {
  // Node says ENOENT for a missing working folder too; that is not the program's fault.
  const noFolder = ended.code === 'ENOENT' && run.cwd !== undefined && !existsSync(run.cwd)
  return {
    tool: run.tool,
    path: run.path,
    exitCode: ended.exitCode ?? null,
    signal: ended.signal ?? null,
    stderr,
    startError: noFolder ? 'no working folder' : (ended.code ?? startErrorIn(stderr, ended.exitCode ?? null)),
  }
}
