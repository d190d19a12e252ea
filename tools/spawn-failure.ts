import { SluiceError, type FailureDetails } from '../contract/failures.ts'
import { TOOL_SETTINGS } from '../contract/tool-settings.ts'
import { saysDiskFull } from './disk-full.ts'
import { redact } from './spawn-redact.ts'

/** How a program ended, before anybody judged it. */
export interface ToolEnd {
  tool: string
  path: string
  exitCode: number | null
  signal: string | null
  /** The last words on stderr, as they came. */
  stderr: string
  /** Code of the system error where the program could not be started. */
  startError: string | null
}

/** Asked by any name: not every program that is run has a setting. */
const SETTINGS: Readonly<Record<string, string>> = TOOL_SETTINGS

export const STDERR_TAIL_CHARS = 2_000
const NOT_STARTED = new Set(['ENOENT', 'EACCES', 'ENOTDIR', 'ENOEXEC', 'EPERM'])

/** Signals that programs do not send themselves; what Sluice ends has another reason by the time it comes here. */
const FROM_OUTSIDE = new Set(['SIGKILL', 'SIGTERM', 'SIGINT', 'SIGHUP'])

/** What ffmpeg ends with after SIGTERM or SIGINT; after an error that has this number, too, but then it says which. */
const SIGNALLED = 255

/** The end of the text without secrets, at most 2,000 characters. */
export const stderrTail = (text: string): string => redact(text).trim().slice(-STDERR_TAIL_CHARS)

/** What setpriv says, in the C locale, when it cannot start the program it was given. */
const NOT_EXECUTED = /^setpriv: failed to execute .*: (.+)$/m
const START_ERRORS: Readonly<Record<string, string>> = {
  'No such file or directory': 'ENOENT',
  'Permission denied': 'EACCES',
  'Exec format error': 'ENOEXEC',
  'Not a directory': 'ENOTDIR',
}

/** The system error where the wrapper that ties a program's life to ours could not start it; else null. */
export const startErrorIn = (stderr: string, exitCode: number | null): string | null => {
  if (exitCode !== 126 && exitCode !== 127) return null
  const words = NOT_EXECUTED.exec(stderr)?.[1]
  return words === undefined ? null : (START_ERRORS[words] ?? words)
}

/** A stalled program's last words often say why. Every other reason stays as it is. */
export const withEnd = (error: unknown, end: ToolEnd): unknown =>
  error instanceof SluiceError && error.code === 'ToolStalled'
    ? new SluiceError('ToolStalled', error.message, {
        ...error.details,
        exitCode: end.exitCode,
        signal: end.signal,
        stderrTail: stderrTail(end.stderr),
      })
    : error

/** The failure that this end means. */
export const toolFailure = (end: ToolEnd): SluiceError => {
  const details: FailureDetails = {
    tool: end.tool,
    exitCode: end.exitCode,
    signal: end.signal,
    stderrTail: stderrTail(end.stderr),
  }
  if (end.startError !== null) {
    if (!NOT_STARTED.has(end.startError)) {
      return new SluiceError('ToolCrashed', `${end.tool} could not be started (${end.startError}).`, details)
    }
    const setting = SETTINGS[end.tool]
    const advice = setting === undefined ? 'install it' : `run \`npm run setup\` or set ${setting}`
    const why = end.startError === 'EACCES' || end.startError === 'EPERM' ? 'may not be executed' : 'does not start'
    return new SluiceError('ToolMissing', `The program ${end.tool} at ${end.path} ${why}: ${advice}.`, details)
  }
  if (saysDiskFull(end.stderr)) {
    return new SluiceError('DiskFull', `${end.tool} ended because the disk is full.`, details)
  }
  const words = lastWords(details.stderrTail ?? '')
  if (end.signal !== null && FROM_OUTSIDE.has(end.signal)) {
    return new SluiceError('ToolKilled', `${end.tool} was ended by somebody else, with ${end.signal}.`, details)
  }
  if (end.tool === 'ffmpeg' && end.exitCode === SIGNALLED && words === '') {
    return new SluiceError('ToolKilled', 'ffmpeg was asked to end by somebody else.', details)
  }
  const how = end.signal === null ? `with exit code ${end.exitCode}` : `by ${end.signal}`
  return new SluiceError('ToolCrashed', `${end.tool} ended ${how}${words === '' ? '.' : `: ${words}`}`, details)
}

const lastWords = (tail: string): string =>
  tail
    .split(/[\r\n]+/)
    .at(-1)
    ?.trim()
    .slice(0, 300) ?? ''
