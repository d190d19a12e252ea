import { randomUUID } from 'node:crypto'
import { access, mkdir, readdir, rename, rm } from 'node:fs/promises'
import { hostname } from 'node:os'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { SluiceError } from '../contract/failures.ts'
import { endWritersIn } from './end-writers.ts'
import { isDead, readLease, thisProcess, writeLease, type HeldLease } from './lease.ts'
import type { Scratch, ScratchLease } from './work-store.ts'

/** Of a scratch folder, and of a job's folder for as long as no attempt has it. */
const KEPT = 'kept'
/** Folders that nobody holds: not yet, or not any more. What follows is the host and the process that has them in hand. */
const IN_HAND = '.'
/** A program that is asked to end gets 3 s before it is killed. */
const GIVES_WAY_WITHIN_MS = 10_000

export interface ScratchFolders {
  /** Both lie on one file system, so that a hand-over is a rename. */
  scratch: string
  work: string
}

interface Holder {
  revoke: AbortController
  released: Promise<void>
}

/**
 * Makes the private folders of attempts. A folder appears with its lease in it; whoever comes for the same work ends the attempt
 * before, so that of two at the same work only the later one can finish: the other's folder is no longer under its name.
 */
export const createScratchFolders = (folders: ScratchFolders) => {
  /** Of this process, by folder. */
  const holders = new Map<string, Holder>()

  const open = async (lease: ScratchLease): Promise<Scratch> => {
    const dir = join(folders.scratch, randomUUID())
    await appear(dir, { ...lease, ...(await thisProcess()) })
    const revoke = new AbortController()
    let hasReleased = (): void => {}
    holders.set(dir, { revoke, released: new Promise((resolve) => (hasReleased = resolve)) })
    const letGo = async (): Promise<void> => {
      await rm(dir, { recursive: true, force: true })
      holders.delete(dir)
      hasReleased()
    }
    const keptDir = join(dir, KEPT)
    const keptKey = join(folders.work, keptPathOf(lease))
    try {
      await endEarlier(lease, dir)
      await moveIfThere(keptKey, keptDir)
    } catch (error) {
      await letGo()
      throw error
    }
    return {
      dir,
      keptDir,
      revoked: revoke.signal,
      release: async ({ succeeded }) => {
        if (!succeeded) await keep(folders, lease, keptDir)
        await letGo()
      },
    }
  }

  const appear = async (dir: string, lease: HeldLease): Promise<void> => {
    const draft = inHand(folders)
    try {
      await mkdir(draft, { recursive: true, mode: 0o700 })
      await writeLease(draft, lease)
      await rename(draft, dir)
    } catch (error) {
      await rm(draft, { recursive: true, force: true })
      throw error
    }
  }

  /** @throws SluiceError StorageUnavailable where a later attempt is at work. */
  const endEarlier = async (lease: ScratchLease, own: string): Promise<void> => {
    for (const name of await list(folders.scratch)) {
      const dir = join(folders.scratch, name)
      const other = name.startsWith(IN_HAND) || dir === own ? null : await readLease(dir)
      if (!other || !isSameWork(other, lease)) continue
      if (other.scheduledAt > lease.scheduledAt && !(await isDead(other))) {
        throw new SluiceError('StorageUnavailable', 'A later attempt at the same work has begun.')
      }
      if (other.scheduledAt < lease.scheduledAt) await end(dir, other)
    }
  }

  const end = async (dir: string, other: HeldLease): Promise<void> => {
    const holder = holders.get(dir)
    if (holder) {
      holder.revoke.abort(new Error('a later attempt at the same work has begun'))
      const timer = new AbortController()
      await Promise.race([holder.released, sleep(GIVES_WAY_WITHIN_MS, undefined, { signal: timer.signal })])
      timer.abort()
    } else if (await isDead(other)) await keep(folders, other, join(dir, KEPT))
    // By one rename, so that nothing of it can be stored from here on; and only then piece by piece.
    const gone = inHand(folders)
    await rename(dir, gone).catch(() => undefined)
    await endWritersIn(gone)
    await rm(gone, { recursive: true, force: true })
  }

  return { open }
}

/**
 * Ends what dead processes left in scratch: for each lease whose process is gone, saves what is for the next attempt, calls
 * `onAbandoned`, and removes the folder. Run by a worker before it takes work.
 */
export const sweepScratchFolders = async (
  folders: ScratchFolders,
  onAbandoned: (lease: HeldLease) => Promise<void>,
): Promise<number> => {
  let swept = 0
  for (const name of await list(folders.scratch)) {
    const dir = join(folders.scratch, name)
    if (name.startsWith(IN_HAND)) {
      const holder = holderOf(name)
      if (!holder || !(await isDead(holder))) continue
    } else {
      // One without a lease was damaged, by a loss of power or by hand: folders appear with theirs.
      const lease = await readLease(dir)
      if (lease && !(await isDead(lease))) continue
      // First, as the next attempt begins as soon as this one is given back.
      if (lease) await keep(folders, lease, join(dir, KEPT))
      if (lease) await onAbandoned(lease)
    }
    await rm(dir, { recursive: true, force: true })
    swept += 1
  }
  return swept
}

const isSameWork = (a: ScratchLease, b: ScratchLease): boolean =>
  a.jobId === b.jobId && a.step === b.step && a.part === b.part

const inHand = ({ scratch }: ScratchFolders): string =>
  join(scratch, [IN_HAND + encodeURIComponent(hostname()), process.pid, randomUUID()].join('~'))

const holderOf = (name: string) => {
  const [host, pid] = name.slice(IN_HAND.length).split('~')
  return host && pid ? { host: decodeURIComponent(host), pid: Number(pid), pidStartedAt: null } : null
}

const keptPathOf = ({ jobId, step, part }: ScratchLease): string =>
  join(jobId, KEPT, part === null ? step : `${step}-${encodeURIComponent(part)}`)

/** For the attempt that follows. Where the job's folder has gone the job is over, and none will. */
const keep = async ({ work }: ScratchFolders, lease: ScratchLease, keptDir: string): Promise<void> => {
  if (await isThere(join(work, lease.jobId))) await moveIfThere(keptDir, join(work, keptPathOf(lease)))
}

const isThere = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  )

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

const list = (dir: string): Promise<string[]> => readdir(dir).catch(() => [])
