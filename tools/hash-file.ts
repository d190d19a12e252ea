import { createHash } from 'node:crypto'
import { open } from 'node:fs/promises'

export interface HashWatch {
  signal: AbortSignal
  /** Hears how many bytes are done. */
  onBytes?: ((doneBytes: number) => void) | undefined
}

/** Big enough that reading is bound by the disk and not by calls, small enough that others get their turn between two. */
const READ_BYTES = 1024 * 1024

/**
 * SHA-256 of a file's bytes (FIPS 180-4), in hexadecimal. Reads into one buffer: a stream takes a new one each time, and the
 * collector runs for them instead of for anything of use.
 * @throws what the file system says; `signal.reason` when aborted.
 */
export const hashFile = async (path: string, { signal, onBytes }: HashWatch): Promise<string> => {
  const hash = createHash('sha256')
  const file = await open(path)
  try {
    const { size } = await file.stat()
    const buffer = Buffer.allocUnsafe(Math.max(1, Math.min(size, READ_BYTES)))
    for (let done = 0; ;) {
      signal.throwIfAborted()
      const { bytesRead } = await file.read(buffer, 0, buffer.length, done)
      if (bytesRead === 0) return hash.digest('hex')
      hash.update(buffer.subarray(0, bytesRead))
      done += bytesRead
      onBytes?.(done)
    }
  } finally {
    await file.close()
  }
}
