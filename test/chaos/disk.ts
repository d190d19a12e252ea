import { execFileSync } from 'node:child_process'
import { closeSync, openSync, rmSync, statfsSync, writeSync } from 'node:fs'
import { dirname, join } from 'node:path'

export interface SmallDisk {
  /** To the last byte, or but for so many. */
  fill(leaveBytes?: number): void
  makeRoom(): void
  unmount(): void
}

const BLOCK = Buffer.alloc(1024 * 1024)

/** Mounts a small disk of memory at an empty folder; null where this user may not mount. */
export const mountSmallDisk = (dir: string, megabytes = 512): SmallDisk | null => {
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m,mode=700`, 'sluice-chaos', dir], {
      stdio: 'ignore',
    })
  } catch {
    return null
  }
  const filler = join(dir, 'filler')
  return {
    fill: (leaveBytes = 0) => fillUp(filler, leaveBytes),
    makeRoom: () => rmSync(filler, { force: true }),
    // Lazily: a reader of our own may still have a file open.
    unmount: () => void execFileSync('umount', ['--lazy', dir]),
  }
}

/** Writes until nothing more goes in. */
const fillUp = (path: string, leaveBytes: number): void => {
  const file = openSync(path, 'w')
  try {
    const { bavail, bsize } = statfsSync(dirname(path))
    for (let left = bavail * bsize - leaveBytes; leaveBytes > 0 && left > 0; left -= BLOCK.length) {
      writeSync(file, BLOCK, 0, Math.min(left, BLOCK.length))
    }
    for (let size = BLOCK.length; leaveBytes === 0 && size >= 1;) {
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
