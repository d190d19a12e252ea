import { closeSync, fstatSync, mkdirSync, openSync, renameSync, writeSync } from 'node:fs'
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
  const open = () => openSync(path, 'a', 0o600)
  let file = open()
  let bytes = fstatSync(file).size
  let closed = false
  const append = (line: string) => {
    if (bytes > maxBytes) {
      closeSync(file)
      renameSync(path, `${path}.1`)
      file = open()
      bytes = 0
    }
    bytes += writeSync(file, `${line}\n`)
  }
  return {
    write: (line) => {
      // A grandchild may hold the pipe for longer than the process whose log this is.
      if (closed) return
      try {
        append(line)
      } catch (error) {
        // A full disk must not take the supervisor down: the log has a hole then.
        if (!(error instanceof Error && 'code' in error && error.code === 'ENOSPC')) throw error
      }
    },
    close: () => {
      closed = true
      closeSync(file)
    },
  }
}
