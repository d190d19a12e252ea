import { readlink, rename, rm, symlink } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { identityOf, isDead, processOf, thisProcess } from './lease.ts'

const RETRY_MS = 10
/** What is done under the lock takes milliseconds; past this its holder is stopped, or on a machine that has gone. */
const LONGEST_MS = 10_000
/** File systems without symbolic links. */
const NO_LINKS = new Set(['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS'])

/**
 * One at a time, in this process and among all that see the path. A symbolic link that names its holder: it is made in one step,
 * and on a full disk too, as its text lies in the inode.
 */
export const createPathLock = (path: string): (<O>(work: () => Promise<O>) => Promise<O>) => {
  let before: Promise<unknown> = Promise.resolve()

  const take = async (): Promise<boolean> => {
    const own = identityOf(await thisProcess())
    for (const since = Date.now(); ;) {
      try {
        await symlink(own, path)
        return true
      } catch (error) {
        const code = (error as NodeJS.ErrnoException).code ?? ''
        if (NO_LINKS.has(code)) return false
        if (code !== 'EEXIST') throw error
        if (Date.now() - since > LONGEST_MS || (await isLeft(path))) await breakLock(path)
        else await sleep(RETRY_MS)
      }
    }
  }

  return async (work) => {
    const turn = before.catch(() => undefined)
    const mine = turn.then(async () => {
      const taken = await take()
      try {
        return await work()
      } finally {
        if (taken) await rm(path, { force: true })
      }
    })
    before = mine
    return mine
  }
}

const isLeft = async (path: string): Promise<boolean> => {
  const holder = processOf(await readlink(path).catch(() => ''))
  return holder !== null && isDead(holder)
}

/** By a rename, which only one of several can do. */
const breakLock = async (path: string): Promise<void> => {
  const aside = `${path}.${process.pid}`
  await rename(path, aside).catch(() => undefined)
  await rm(aside, { force: true })
}
