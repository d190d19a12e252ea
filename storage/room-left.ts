import { join } from 'node:path'
import type { Config } from '../config.ts'
import { createBallast } from './ballast.ts'
import { createUsage, diskSpace, occupiedBytes } from './disk-usage.ts'
import type { RoomLeft } from './room-share.ts'

const MIB = 1024 ** 2
/** A twentieth: file systems become slow when they are fuller. */
const KEPT_PART = 1 / 20
/** *Measured*: the databases take 0.5 MiB a job and up to 4 MiB each for what they have not sorted in yet. */
const LEAST_KEPT = 16 * MIB
const MOST_KEPT = 1024 * MIB
/** Of a disk of a few megabytes the jobs should get most. */
const MOST_KEPT_PART = 1 / 3

/** What a disk has and how much of it jobs may have, all in bytes. */
export interface DiskRoom extends RoomLeft {
  totalBytes: number
  /** As the file system says. */
  diskFreeBytes: number
  keepFreeBytes: number
  quotaBytes: number | null
  /** Under the data directory; null where no quota asks for it. */
  usedBytes: number | null
}

/** Under the data directory, and never smaller again: databases, and what is logged. */
const STAYS = ['catalog.db', 'catalog.db-wal', 'catalog.db-shm', 'temporal', 'logs'] as const

export const keepFreeOf = ({ keepFreeBytes }: Config['disk'], totalBytes: number): number =>
  keepFreeBytes ??
  Math.min(MOST_KEPT, Math.max(LEAST_KEPT, totalBytes * KEPT_PART), Math.floor(totalBytes * MOST_KEPT_PART))

/** Asks how much room there is for jobs, over all that is written already and what they leave free. */
export const createDiskRoom = ({ dataDir, disk }: Pick<Config, 'dataDir' | 'disk'>): (() => Promise<DiskRoom>) => {
  const usage = createUsage(dataDir)
  const ballast = createBallast(dataDir)
  const staying = STAYS.map((name) => join(dataDir, name))
  return async () => {
    const { totalBytes, usableBytes, freeBytes: diskFreeBytes } = await diskSpace(dataDir)
    const keepFreeBytes = keepFreeOf(disk, totalBytes)
    const usedBytes = disk.quotaBytes === null ? null : await usage()
    const onDisk = diskFreeBytes + (await ballast.bytes()) - keepFreeBytes
    return {
      totalBytes,
      diskFreeBytes,
      keepFreeBytes,
      quotaBytes: disk.quotaBytes,
      usedBytes,
      freeBytes: disk.quotaBytes === null ? onDisk : Math.min(onDisk, disk.quotaBytes - (usedBytes ?? 0)),
      slackBytes: keepFreeBytes / 4,
      mostBytes: Math.max(
        0,
        Math.min(usableBytes - keepFreeBytes, disk.quotaBytes ?? Infinity) - (await occupiedBytes(staying)),
      ),
    }
  }
}
