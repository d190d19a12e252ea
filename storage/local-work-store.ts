import { randomUUID } from 'node:crypto'
import { access, mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { dirname, join, posix } from 'node:path'
import { SluiceError } from '../contract/failures.ts'
import type { ScratchLease, WorkStore } from './work-store.ts'

/** Of a scratch folder: who holds it. */
export const LEASE_FILE = 'lease.json'
/** Of a scratch folder, and of a job's folder for as long as no attempt has it. */
const KEPT = 'kept'

/** A lease as it lies in its scratch folder. */
export interface HeldLease extends ScratchLease {
  /** Machine or container whose process ids `pid` belongs to. */
  host: string
  /** Process that holds it. */
  pid: number
  /** Ticks since boot at which that process started: a reused pid is told apart. Null where the system does not say. */
  pidStartedAt: string | null
}

/** Both folders lie on one file system, so that a hand-over is a rename. */
const folders = (dataDir: string) => ({ work: join(dataDir, 'work'), scratch: join(dataDir, 'scratch') })

/** The work store of one machine: plain folders under the data directory. */
export const createLocalWorkStore = (dataDir: string): WorkStore => {
  const { work, scratch } = folders(dataDir)

  const pathOf = (key: string): string => {
    const parts = key.split('/')
    if (posix.isAbsolute(key) || parts.some((part) => part === '' || part === '.' || part === '..')) {
      throw new SluiceError('Internal', `"${key}" is not a storage key`)
    }
    return join(work, ...parts)
  }

  const find: WorkStore['find'] = async (key) => {
    const sizeBytes = await sizeOf(pathOf(key))
    return sizeBytes === null ? null : { key, sizeBytes }
  }

  return {
    find,

    async openScratch(lease) {
      const dir = join(scratch, randomUUID())
      const keptDir = join(dir, KEPT)
      await mkdir(dir, { recursive: true, mode: 0o700 })
      const held: HeldLease = {
        ...lease,
        host: hostname(),
        pid: process.pid,
        pidStartedAt: await processStart(process.pid),
      }
      // A task token lets its holder complete the activity.
      await writeFile(join(dir, LEASE_FILE), JSON.stringify(held), { mode: 0o600 })
      await moveIfThere(pathOf(keptKeyOf(lease)), keptDir)
      return {
        dir,
        keptDir,
        release: async ({ succeeded }) => {
          if (!succeeded) await moveIfThere(keptDir, pathOf(keptKeyOf(lease)))
          await rm(dir, { recursive: true, force: true })
        },
      }
    },

    async read(key) {
      if ((await find(key)) === null) {
        const sentence = `A file that this step needs is gone from storage: ${key}`
        throw new SluiceError('StorageUnavailable', sentence, { missingKey: key })
      }
      return pathOf(key)
    },

    async commit(path, key) {
      const target = pathOf(key)
      await mkdir(dirname(target), { recursive: true })
      try {
        await rename(path, target)
      } catch (error) {
        // A folder with something in it is not replaced by a rename; what lies there is a finished output, or its loser.
        const code = (error as NodeJS.ErrnoException).code
        if (code !== 'ENOTEMPTY' && code !== 'EEXIST') throw error
        await rm(target, { recursive: true, force: true })
        await rename(path, target)
      }
      const stored = await find(key)
      if (!stored) throw new SluiceError('StorageUnavailable', `A file vanished while it was being stored: ${key}`)
      return stored
    },

    listJobs: () => readdir(work).catch(() => []),

    removeJob: (jobId) => rm(pathOf(jobId), { recursive: true, force: true }),
  }
}

/**
 * Ends what dead processes left in scratch: for each lease whose process is gone, saves what is for the next attempt, calls
 * `onAbandoned`, and removes the folder. Run by a worker before it takes work.
 */
export const sweepScratch = async (
  dataDir: string,
  onAbandoned: (lease: HeldLease) => Promise<void>,
): Promise<number> => {
  const { work, scratch } = folders(dataDir)
  const names = await readdir(scratch).catch(() => [])
  let swept = 0
  for (const name of names) {
    const dir = join(scratch, name)
    const lease = await readLease(dir)
    // A process of another machine that shares the folder can't be seen from here.
    if (lease && (lease.host !== hostname() || (await isAlive(lease)))) continue
    if (lease) {
      // First, as the next attempt begins as soon as this one is given back.
      await moveIfThere(join(dir, KEPT), join(work, keptKeyOf(lease)))
      await onAbandoned(lease)
    }
    await rm(dir, { recursive: true, force: true })
    swept += 1
  }
  return swept
}

const keptKeyOf = ({ jobId, step, part }: ScratchLease): string =>
  [jobId, KEPT, part === null ? step : `${step}-${encodeURIComponent(part)}`].join('/')

/** Of two who want the same folder one gets it; what can't be moved is made again. */
const moveIfThere = async (from: string, to: string): Promise<void> => {
  try {
    await access(from)
    await mkdir(dirname(to), { recursive: true })
    await rename(from, to)
  } catch {
    // Gone by now, or a successor has left its own, or the disk is full: work is lost, but nothing that was promised.
  }
}

/** Null where nobody holds the folder. */
export const readLease = async (dir: string): Promise<HeldLease | null> => {
  try {
    return JSON.parse(await readFile(join(dir, LEASE_FILE), 'utf8')) as HeldLease
  } catch {
    // Killed between making the folder and writing the lease: nobody holds it.
    return null
  }
}

/** Whether the process that holds a lease of this machine still runs. */
export const isAlive = async (lease: HeldLease): Promise<boolean> => {
  try {
    process.kill(lease.pid, 0)
  } catch {
    return false
  }
  return lease.pidStartedAt === null || lease.pidStartedAt === (await processStart(lease.pid))
}

/** Field 22 of /proc/PID/stat (proc(5)); null on systems without it. */
const processStart = async (pid: number): Promise<string | null> => {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => null)
  return (
    text
      ?.slice(text.lastIndexOf(')') + 2)
      .split(' ')
      .at(19) ?? null
  )
}

const sizeOf = async (path: string): Promise<number | null> => {
  const stats = await stat(path).catch(() => null)
  if (!stats) return null
  if (!stats.isDirectory()) return stats.size
  const entries = await readdir(path)
  const sizes = await Promise.all(entries.map((entry) => sizeOf(join(path, entry))))
  return sizes.reduce<number>((sum, size) => sum + (size ?? 0), 0)
}
