import { join } from 'node:path'
import type { Config } from '../config.ts'
import { SluiceError } from '../contract/failures.ts'
import type { DiskNeed } from '../contract/plan.ts'
import { sizeText } from '../contract/size-text.ts'
import { createDiskGuard, type GuardedAttempt } from './disk-guard.ts'
import { createPathLock } from './path-lock.ts'
import {
  makeClaimFolder,
  readClaims,
  removeClaim,
  removePieces,
  writeClaim,
  type ClaimFolders,
  type KnownClaim,
} from './room-claims.ts'
import { createDiskRoom, keepFreeOf, type DiskRoom } from './room-left.ts'
import { shareRoom } from './room-share.ts'

/** Whose files they are; `workflowId` is told when there is room. */
export interface RoomJob {
  jobId: string
  workflowId: string | null
}

/**
 * Who may write how much. Claims lie beside the files of their jobs: all processes that share the folder see them, a killed one
 * leaves them as they are, and they go with the job.
 */
export interface Room {
  /**
   * Lets a job take so much in all, or notes that it waits for it.
   * @throws SluiceError DiskFull where it has to wait, LimitExceeded where no disk of this size could ever hold it.
   */
  reserve(job: RoomJob, need: DiskNeed): Promise<void>
  /** For a step of a job that has reserved before, or needs hardly anything. @throws SluiceError DiskFull where it has to wait. */
  admit(job: RoomJob): Promise<void>
  /** A step ended for want of room: its job waits from now on. @returns what to say of it. */
  refuse(job: RoomJob): Promise<SluiceError>
  /** The job is over: what it has left is nobody's claim. */
  release(jobId: string): Promise<void>
  /** Gives what has become free to those that wait. @returns them. */
  giveAway(): Promise<{ granted: KnownClaim[]; waiting: number; disk: DiskRoom }>
  state(): Promise<RoomState>
  /** An attempt of this job writes, and is to be ended before the disk is full. */
  watch(jobId: string): GuardedAttempt
  /** Whether the disk is so full that what writes is ended. */
  isLow(): Promise<boolean>
}

/** The job waits, and is noted among those that do. */
export class MustWait extends SluiceError {}

export interface RoomState {
  disk: DiskRoom
  /** Promised to jobs and not written yet. */
  reservedBytes: number
  waiting: number
}

/** Answers about sources, and notes. */
const SMALL: DiskNeed = { bytes: 1024 ** 2, leastBytes: 0 }
/** What needed more than was foreseen is foreseen to need so much more than it had. */
const GROWTH = 1.25
/** From here on it was the job itself that filled its room. */
const FILLED_PART = 0.9

export const createRoom = (config: Pick<Config, 'dataDir' | 'disk'>): Room => {
  const folders: ClaimFolders = { work: join(config.dataDir, 'work'), scratch: join(config.dataDir, 'scratch') }
  const lock = createPathLock(join(config.dataDir, 'room.lock'))
  const measure = createDiskRoom(config)
  const guard = createDiskGuard(config.dataDir, (totalBytes) => keepFreeOf(config.disk, totalBytes))

  const look = async () => {
    const [disk, claims] = await Promise.all([measure(), readClaims(folders)])
    return { disk, claims }
  }

  /** Under the lock. */
  const ask = async ({ jobId, workflowId }: RoomJob, need: DiskNeed): Promise<void> => {
    const { disk, claims } = await look()
    const others = claims.filter((claim) => claim.jobId !== jobId)
    const before = claims.find((claim) => claim.jobId === jobId)
    const provenBytes = before?.provenBytes ?? 0
    const leastBytes = Math.max(need.leastBytes, provenBytes)
    if (leastBytes > disk.mostBytes) throw neverFits(leastBytes, disk)
    const own: KnownClaim = {
      jobId,
      workflowId,
      since: before?.since ?? Date.now(),
      bytes: Math.max(need.bytes, leastBytes),
      leastBytes,
      provenBytes,
      granted: false,
      writtenBytes: before?.writtenBytes ?? 0,
      busy: false,
    }
    // What it has already is never taken away here, or more could not be asked for.
    const isGranted = before?.granted === true && own.bytes <= before.bytes
    const given = shareRoom([...others, { ...own, granted: isGranted }], disk).granted.get(jobId)
    await makeClaimFolder(folders, jobId)
    await writeClaim(folders, { ...own, bytes: given ?? own.bytes, granted: given !== undefined })
    if (given === undefined) throw mustWait(own, disk, claims)
  }

  return {
    watch: (jobId) => guard.watch(jobId),
    isLow: () => guard.isLow(),

    reserve: (job, need) => lock(() => ask(job, need)),

    admit: (job) =>
      lock(async () => {
        const { disk, claims } = await look()
        const own = claims.find(({ jobId }) => jobId === job.jobId)
        if (!own) return ask(job, SMALL)
        const given = shareRoom(claims, disk).granted.get(job.jobId)
        const granted = given !== undefined
        if (granted !== own.granted) await writeClaim(folders, { ...own, bytes: given ?? own.bytes, granted })
        if (!granted) throw mustWait(own, disk, claims)
      }),

    refuse: ({ jobId, workflowId }) =>
      lock(async () => {
        const { disk, claims } = await look()
        const own = claims.find((claim) => claim.jobId === jobId)
        if (!own) return new SluiceError('DiskFull')
        const filledIt = own.writtenBytes >= own.bytes * FILLED_PART
        const proven = filledIt ? Math.ceil(Math.max(own.bytes, own.writtenBytes) * GROWTH) : own.provenBytes
        const grown = { provenBytes: proven, bytes: Math.max(own.bytes, proven) }
        const waits = { ...own, ...grown, workflowId, leastBytes: Math.max(own.leastBytes, proven), granted: false }
        // On a disk that is full to the last byte it can't be noted; the job asks again by itself.
        await writeClaim(folders, waits).catch(() => undefined)
        return mustWait(waits, disk, claims)
      }),

    release: (jobId) => removeClaim(folders, jobId),

    giveAway: () =>
      lock(async () => {
        const { disk, claims } = await look()
        const grown = claims.map((claim) =>
          claim.granted && claim.writtenBytes > claim.bytes ? { ...claim, bytes: claim.writtenBytes } : claim,
        )
        const { granted, giveUp } = shareRoom(grown, disk)
        const waiting = grown.filter((claim) => !claim.granted)
        const given = waiting.flatMap((claim) => {
          const bytes = granted.get(claim.jobId)
          return bytes === undefined ? [] : [{ ...claim, bytes, granted: true }]
        })
        const outgrown = grown.filter((claim, index) => claim !== claims[index])
        // A job that has ended meanwhile has no folder to write into.
        await Promise.all([...given, ...outgrown].map((claim) => writeClaim(folders, claim).catch(() => undefined)))
        for (const jobId of giveUp) await removePieces(folders, jobId)
        return { granted: given, waiting: waiting.length - given.length, disk }
      }),

    state: async () => {
      const { disk, claims } = await look()
      const granted = claims.filter((claim) => claim.granted)
      const reservedBytes = granted.reduce((sum, { bytes, writtenBytes }) => sum + Math.max(0, bytes - writtenBytes), 0)
      return { disk, reservedBytes, waiting: claims.length - granted.length }
    },
  }
}

const limitOf = ({ quotaBytes, totalBytes, mostBytes }: DiskRoom): string =>
  quotaBytes !== null && mostBytes === quotaBytes
    ? `the quota of the data directory is ${sizeText(quotaBytes)}`
    : `jobs may have ${sizeText(mostBytes)} of the ${sizeText(totalBytes)} of its disk`

const neverFits = (bytes: number, disk: DiskRoom): SluiceError =>
  new SluiceError(
    'LimitExceeded',
    `The job needs ${sizeText(bytes)} of the data directory at least, and ${limitOf(disk)}: give it a larger disk, or choose less.`,
  )

const mustWait = (own: KnownClaim, disk: DiskRoom, claims: readonly KnownClaim[]): MustWait => {
  const missing = Math.max(0, own.bytes - own.writtenBytes)
  const promised = claims
    .filter(({ granted, jobId }) => granted && jobId !== own.jobId)
    .reduce((sum, { bytes, writtenBytes }) => sum + Math.max(0, bytes - writtenBytes), 0)
  const free = Math.max(0, disk.freeBytes - promised)
  const others = promised > 0 ? ` ${sizeText(promised)} are promised to other jobs.` : ''
  const turn = free >= missing && free > 0 ? ' Others came first.' : ''
  const kept = disk.quotaBytes === null ? ` beside the ${sizeText(disk.keepFreeBytes)} that stay free` : ''
  const sentence = `The job needs ${sizeText(missing)} more of the disk, and ${sizeText(free)} can be had${kept}.${others}${turn}`
  return new MustWait('DiskFull', `${sentence} It goes on by itself when there is room.`)
}
