import { closeSync, fstatSync, mkdirSync, openSync, renameSync, writeSync } from 'node:fs'
import { dirname } from 'node:path'

/** A log and the one before it: 40 MB at most for each process. */
const MAX_BYTES = 20e6

export interface LogFile {
  write(line: string): void
  close(): void
}

/** What a log is not worth ending for: a disk that is full, broken, or mounted anew to be read only. */
const DISK_TROUBLE = new Set(['ENOSPC', 'EDQUOT', 'EIO', 'EROFS'])

/** Appends lines to a file; past its size the file becomes `….1` and a new one is begun. While the disk takes nothing it has a hole. */
export const openLogFile = (path: string, maxBytes = MAX_BYTES): LogFile => {
  let file: number | null = null
  let bytes = 0
  let closed = false
  const open = (): number => {
    mkdirSync(dirname(path), { recursive: true })
    file = openSync(path, 'a', 0o600)
    bytes = fstatSync(file).size
    return file
  }
  const append = (line: string) => {
    if (bytes > maxBytes && file !== null) {
      closeSync(file)
      file = null
      renameSync(path, `${path}.1`)
    }
    bytes += writeSync(file ?? open(), `${line}\n`)
  }
  return {
    write: (line) => {
      // A grandchild may hold the pipe for longer than the process whose log this is.
      if (closed) return
      try {
        append(line)
      } catch (error) {
        // It must not take the supervisor down.
        if (!(error instanceof Error && 'code' in error && DISK_TROUBLE.has(String(error.code)))) throw error
      }
    },
    close: () => {
      closed = true
      if (file !== null) closeSync(file)
    },
  }
}
