import { lstat, readdir, stat, statfs } from 'node:fs/promises'
import { dirname, join } from 'node:path'

/** A block, as `st_blocks` counts them (stat(2)). */
const BLOCK_BYTES = 512
/** With fewer inodes left nothing can be made, however many bytes are free. */
const FEWEST_INODES = 500

export interface DiskSpace {
  totalBytes: number
  /** Without what the file system keeps for its administrator. */
  usableBytes: number
  freeBytes: number
}

/** Of the file system that a folder is on; nothing is free where it has no room for further files. */
export const diskSpace = async (dir: string): Promise<DiskSpace> => {
  const { blocks, bfree, bavail, bsize, files, ffree } = await statfs(dir)
  // File systems that make inodes as they go say that they have none.
  const isOutOfInodes = files > 0 && ffree < FEWEST_INODES
  return {
    totalBytes: blocks * bsize,
    usableBytes: (blocks - bfree + bavail) * bsize,
    freeBytes: isOutOfInodes ? 0 : bavail * bsize,
  }
}

/** What files and folders occupy on the disk, each file once, under whatever names. What vanishes meanwhile counts nothing. */
export const occupiedBytes = async (paths: readonly string[]): Promise<number> => {
  const seen = new Set<string>()
  const walk = async (path: string): Promise<number> => {
    const stats = await lstat(path).catch(() => null)
    if (stats === null) return 0
    if (stats.nlink > 1 && !stats.isDirectory()) {
      const file = `${stats.dev}:${stats.ino}`
      if (seen.has(file)) return 0
      seen.add(file)
    }
    let total = stats.blocks * BLOCK_BYTES
    if (stats.isDirectory()) {
      for (const name of await readdir(path).catch(() => [])) total += await walk(join(path, name))
    }
    return total
  }
  let total = 0
  for (const path of paths) total += await walk(path)
  return total
}

/** A walk may take a tenth of the time. */
const PAUSE_FACTOR = 10
const SHORTEST_PAUSE_MS = 1_000

/** What a folder occupies in all: at once where it is a file system of its own, else by walking through it now and then. */
export const createUsage = (dir: string): (() => Promise<number>) => {
  let known: { bytes: Promise<number>; until: number } | null = null
  const measure = async (): Promise<number> => {
    const [own, above] = await Promise.all([stat(dir), stat(dirname(dir))])
    if (own.dev !== above.dev) {
      const { blocks, bfree, bsize } = await statfs(dir)
      return (blocks - bfree) * bsize
    }
    return occupiedBytes([dir])
  }
  return () => {
    if (known && Date.now() < known.until) return known.bytes
    const startedAt = Date.now()
    const bytes = measure()
    const current = { bytes, until: Infinity }
    known = current
    void bytes.then(
      () => {
        const now = Date.now()
        current.until = now + Math.max(SHORTEST_PAUSE_MS, PAUSE_FACTOR * (now - startedAt))
      },
      () => {
        current.until = 0
      },
    )
    return bytes
  }
}
