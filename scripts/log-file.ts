import { createWriteStream, mkdirSync, renameSync, statSync, type WriteStream } from 'node:fs'
import { dirname } from 'node:path'

/** A log and the one before it: 40 MB at most for each process. */
const MAX_BYTES = 20e6

export interface LogFile {
  write(line: string): void
  close(): void
}

/** Appends lines to a file; past its size the file becomes `….1` and a new one is begun. */
export const openLogFile = (path: string, maxBytes = MAX_BYTES): LogFile => {
  mkdirSync(dirname(path), { recursive: true })
  const open = (): WriteStream => createWriteStream(path, { flags: 'a', mode: 0o600 })
  let bytes = statSync(path, { throwIfNoEntry: false })?.size ?? 0
  let stream = open()
  // A full disk must not take the supervisor down: the log then has a hole.
  stream.on('error', () => undefined)
  return {
    write: (line) => {
      if (bytes > maxBytes) {
        stream.end()
        renameSync(path, `${path}.1`)
        stream = open()
        stream.on('error', () => undefined)
        bytes = 0
      }
      bytes += Buffer.byteLength(line) + 1
      stream.write(`${line}\n`)
    },
    close: () => stream.end(),
  }
}
