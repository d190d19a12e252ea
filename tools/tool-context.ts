import type { ToolPaths } from '../config.ts'
import { SluiceError } from '../contract/failures.ts'
import { runTool, type ToolResult, type ToolRun } from './spawn.ts'

/** Where and for whom the media programs run: the same for every program of one attempt at a step. */
export interface ToolContext {
  paths: Pick<ToolPaths, 'ffmpeg' | 'ffprobe' | 'packager'>
  /** The attempt's private folder; relative names in arguments are in it. */
  cwd: string
  signal?: AbortSignal | undefined
  /** Milliseconds without progress after which a program is stopped. */
  stallMs?: number | undefined
  /** Called with each sign of progress of a program. */
  onAlive?: (() => void) | undefined
  log?: ToolRun['log']
}

/** Media work yields to the API and to Temporal on the same machine. */
const NICE = 10

/** SVT-AV1 writes its settings where failures are looked for; at 1 only its errors. */
const QUIET_SVT = { SVT_LOG: '1' }

export const runMediaTool = (
  context: ToolContext,
  tool: keyof ToolContext['paths'],
  run: Pick<ToolRun, 'args' | 'onStdoutLine' | 'onStderrLine' | 'isProgress' | 'maxOutputBytes' | 'onStart'>,
): Promise<ToolResult> =>
  runTool({
    tool,
    path: context.paths[tool],
    cwd: context.cwd,
    signal: context.signal,
    stallMs: context.stallMs,
    onAlive: context.onAlive,
    log: context.log,
    nice: NICE,
    env: QUIET_SVT,
    ...run,
  })

/** Whether a program ended by itself with an error, and was not killed: by what it was given, and not by what met it. */
export const endedByItself = (error: unknown): error is SluiceError =>
  error instanceof SluiceError && error.code === 'ToolCrashed' && error.details.signal === null
