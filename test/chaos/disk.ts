import { execFileSync } from 'node:child_process'
import { openSync, closeSync, rmSync, writeSync } from 'node:fs'
import { join } from 'node:path'

export interface SmallDisk {
  fill(): void
  makeRoom(): void
  unmount(): void
}

const MEGABYTES = 512
const BLOCK = Buffer.alloc(1024 * 1024)

/** Mounts a small disk of memory at an empty folder; null where this user may not mount. */
export const mountSmallDisk = (dir: string): SmallDisk | null => {
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${MEGABYTES}m,mode=700`, 'sluice-chaos', dir], {
      stdio: 'ignore',
    })
  } catch {
    return null
  }
  const filler = join(dir, 'filler')
  return {
    fill: () => fillUp(filler),
    makeRoom: () => rmSync(filler, { force: true }),
    // Lazily: a reader of our own may still have a file open.
    unmount: () => void execFileSync('umount', ['--lazy', dir]),
  }
}

/** Writes until nothing more goes in, to the last byte. */
const fillUp = (path: string): void => {
  const file = openSync(path, 'w')
  try {
    for (let size = BLOCK.length; size >= 1;) {
      try {
        writeSync(file, BLOCK, 0, size)
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error
        size = Math.floor(size / 16)
      }
    }
  } finally {
    closeSync(file)
  }
}
