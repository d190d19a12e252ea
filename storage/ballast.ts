import { randomBytes } from 'node:crypto'
import { open, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'

const MIB = 1024 ** 2
/** Of what is kept free. */
const PART = 1 / 4
/** Enough for the databases for hours. */
const MOST_BYTES = 64 * MIB
/** With less of the disk left the databases can't write any more. */
const SINKING_PART = 1 / 4

/**
 * A file of no use, to be thrown off: a disk that others have filled to the last byte then has room for the databases again, so that
 * jobs can at least be said to wait. It is part of what is kept free.
 */
export interface Ballast {
  /** What it occupies now. */
  bytes(): Promise<number>
  /** Called now and then: throws it off where the disk is full and was so the last time, and takes it in again where there is room. @returns what was done, if anything. */
  tend(disk: { diskFreeBytes: number; keepFreeBytes: number }): Promise<'thrown off' | 'taken in' | null>
}

export const createBallast = (dataDir: string): Ballast => {
  const path = join(dataDir, 'ballast')
  const bytes = async (): Promise<number> => (await stat(path).catch(() => null))?.size ?? 0
  let sinking = false
  return {
    bytes,
    tend: async ({ diskFreeBytes, keepFreeBytes }) => {
      const wanted = Math.min(MOST_BYTES, Math.floor(keepFreeBytes * PART))
      const present = await bytes()
      const wasSinking = sinking
      sinking = present > 0 && diskFreeBytes < present * SINKING_PART
      // Whoever fills it may not be done yet, and would fill this, too.
      if (sinking && !wasSinking) return null
      if (sinking) {
        await rm(path, { force: true })
        return 'thrown off'
      }
      if (present > 0 || wanted === 0 || diskFreeBytes < keepFreeBytes) return null
      await fill(path, wanted)
      return 'taken in'
    },
  }
}

/** With bytes that no file system makes smaller. */
const fill = async (path: string, size: number): Promise<void> => {
  const file = await open(path, 'w', 0o600)
  try {
    for (let done = 0; done < size;) {
      done += (await file.write(randomBytes(Math.min(MIB, size - done)), 0, undefined, done)).bytesWritten
    }
  } finally {
    await file.close()
  }
}
