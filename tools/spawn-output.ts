import type { Readable } from 'node:stream'
import { StringDecoder } from 'node:string_decoder'
import { SluiceError } from '../contract/failures.ts'
import { createLineSplitter } from './spawn-lines.ts'
import type { GroupSupervisor } from './spawn-supervise.ts'

/** Enough for the last words of a program after secrets are taken out. */
const KEPT_STDERR_CHARS = 8_192
/** What left the group and still holds the pipe must not keep the step waiting. */
const PIPE_GRACE_MS = 1_000

interface OutputOptions {
  tool: string
  maxOutputBytes: number
  onStdoutLine?: ((line: string) => void) | undefined
  onStderrLine?: ((line: string) => void) | undefined
  isProgress?: ((line: string) => boolean) | undefined
}

/** Reads both streams as they come: bounded, in lines where somebody asks for lines, and as signs of life. */
export const readOutput = (
  streams: { stdout: Readable; stderr: Readable },
  options: OutputOptions,
  group: GroupSupervisor,
) => {
  const stdoutChunks: Uint8Array[] = []
  let stdoutBytes = 0
  let stderr = ''
  const stderrText = new StringDecoder('utf8')
  const { isProgress } = options
  const byLine = (onLine: ((line: string) => void) | undefined) =>
    onLine === undefined && isProgress === undefined
      ? null
      : createLineSplitter((line) =>
          group.guard(() => {
            if (isProgress?.(line)) group.touch()
            onLine?.(line)
          }),
        )
  const stdoutLines = byLine(options.onStdoutLine)
  const stderrLines = byLine(options.onStderrLine)
  streams.stdout.on('data', (chunk: Uint8Array) => {
    if (isProgress === undefined) group.touch()
    stdoutLines?.write(chunk)
    if (options.onStdoutLine !== undefined) return
    stdoutBytes += chunk.byteLength
    if (stdoutBytes <= options.maxOutputBytes) {
      stdoutChunks.push(chunk)
      return
    }
    const message = `${options.tool} wrote more than ${options.maxOutputBytes} bytes and was stopped.`
    group.stop(new SluiceError('ToolCrashed', message, { tool: options.tool }))
  })
  streams.stderr.on('data', (chunk: Uint8Array) => {
    if (isProgress === undefined) group.touch()
    stderrLines?.write(chunk)
    stderr = (stderr + stderrText.write(chunk)).slice(-KEPT_STDERR_CHARS)
  })
  let pipeTimer: NodeJS.Timeout | null = null
  return {
    /** The program has ended: its pipes close now, or are closed. */
    limitPipes: (): void => {
      pipeTimer = setTimeout(() => {
        streams.stdout.destroy()
        streams.stderr.destroy()
      }, PIPE_GRACE_MS)
    },
    /** Hands on last lines that had no line end. */
    end: (): void => {
      if (pipeTimer !== null) clearTimeout(pipeTimer)
      stdoutLines?.end()
      stderrLines?.end()
    },
    stdout: (): string => Buffer.concat(stdoutChunks).toString('utf8'),
    stderr: (): string => stderr,
  }
}
