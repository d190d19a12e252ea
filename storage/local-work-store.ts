import { access, mkdir, readdir, rename, rm, stat } from 'node:fs/promises'
import { dirname, join, posix } from 'node:path'
import { SluiceError } from '../contract/failures.ts'
import type { HeldLease } from './lease.ts'
import { createScratchFolders, sweepScratchFolders } from './scratch.ts'
import type { WorkStore } from './work-store.ts'

/** Both folders lie on one file system, so that a hand-over is a rename. */
const folders = (dataDir: string) => ({ work: join(dataDir, 'work'), scratch: join(dataDir, 'scratch') })

/** The work store of one machine: plain folders under the data directory. */
export const createLocalWorkStore = (dataDir: string): WorkStore => {
  const { work, scratch } = folders(dataDir)
  const scratchFolders = createScratchFolders({ work, scratch })

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

    openScratch: (lease) => scratchFolders.open(lease),

    async read(key) {
      if ((await find(key)) === null) {
        const sentence = `A file that this step needs is gone from storage: ${key}`
        throw new SluiceError('StorageUnavailable', sentence, { missingKey: key })
      }
      return pathOf(key)
    },

    async commit(path, key) {
      const target = pathOf(key)
      // An attempt that was ended meanwhile has nothing any more, and must not bring the folder of an ended job back.
      await access(path)
      await mkdir(dirname(target), { recursive: true })
      try {
        await rename(path, target)
      } catch (error) {
        // A folder with something in it is not replaced by a rename. It goes as a whole before it goes piece by piece: whoever
        // reads it has all of it, or finds nothing.
        const code = (error as NodeJS.ErrnoException).code
        if (code !== 'ENOTEMPTY' && code !== 'EEXIST') throw error
        const replaced = `${path}.replaced`
        await rename(target, replaced)
        await rename(path, target)
        await rm(replaced, { recursive: true, force: true })
      }
      const stored = await find(key)
      if (!stored) throw new SluiceError('StorageUnavailable', `A file vanished while it was being stored: ${key}`)
      return stored
    },

    listJobs: () => readdir(work).catch(() => []),

    removeJob: (jobId) => rm(pathOf(jobId), { recursive: true, force: true }),
  }
}

/** {@link sweepScratchFolders} of this data directory. */
export const sweepScratch = (dataDir: string, onAbandoned: (lease: HeldLease) => Promise<void>): Promise<number> =>
  sweepScratchFolders(folders(dataDir), onAbandoned)

const sizeOf = async (path: string): Promise<number | null> => {
  const stats = await stat(path).catch(() => null)
  if (!stats) return null
  if (!stats.isDirectory()) return stats.size
  const entries = await readdir(path)
  const sizes = await Promise.all(entries.map((entry) => sizeOf(join(path, entry))))
  return sizes.reduce<number>((sum, size) => sum + (size ?? 0), 0)
}
