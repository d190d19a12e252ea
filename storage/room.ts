import { join } from 'node:path'
import type { Config } from '../config.ts'
import type { SluiceError } from '../contract/failures.ts'
import type { DiskNeed } from '../contract/plan.ts'
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
import { havingStopped, needBeyond, promisedBytes, shareRoom, type Sharing } from './room-share.ts'
import { MustWait, mustWait, neverFits } from './room-words.ts'

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
  /** For a step of a job that has reserved before, or needs hardly anything. @throws SluiceError as {@link Room.reserve}. */
  admit(job: RoomJob): Promise<void>
  /** A step ended for want of room: its job waits from now on, or has shown that it can never fit. @returns what to say of it. */
  refuse(job: RoomJob): Promise<SluiceError>
  /** The job is over: what it has left is nobody's claim, and goes where it could never fit and others wait. */
  release(jobId: string): Promise<void>
  /** Gives what has become free to those that wait. @returns them, and those that wait in vain: who asks again is told so. */
  giveAway(): Promise<{ granted: KnownClaim[]; hopeless: KnownClaim[]; waiting: number; disk: DiskRoom }>
  state(): Promise<RoomState>
  /** An attempt of this job writes, and is to be ended before the disk is full. */
  watch(jobId: string): GuardedAttempt
  /** Whether the disk is so full that what writes is ended. */
  isLow(): Promise<boolean>
}

export interface RoomState {
  disk: DiskRoom
  /** Promised to jobs and not written yet. */
  reservedBytes: number
  waiting: number
}

/** Answers about sources, and notes. */
const SMALL: DiskNeed = { bytes: 1024 ** 2, leastBytes: 0 }

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
    const beyond = needBeyond(provenBytes)
    const leastBytes = Math.max(need.leastBytes, beyond.leastBytes)
    const own: KnownClaim = {
      jobId,
      workflowId,
      since: before?.since ?? Date.now(),
      bytes: Math.max(need.bytes, leastBytes, beyond.bytes),
      leastBytes,
      provenBytes,
      granted: false,
      writtenBytes: before?.writtenBytes ?? 0,
      busy: false,
    }
    if (leastBytes > disk.mostBytes) throw neverFits(own, disk)
    // What it has already is never taken away here, or more could not be asked for.
    const isGranted = before?.granted === true && own.bytes <= before.bytes
    const all = [...others, { ...own, granted: isGranted }]
    const sharing = shareRoom(all, disk)
    const given = sharing.granted.get(jobId)
    await makeClaimFolder(folders, jobId)
    await writeClaim(folders, { ...own, bytes: given ?? own.bytes, granted: given !== undefined })
    if (given === undefined) throw notNow(own, { disk, claims: all, sharing })
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
        const sharing = shareRoom(claims, disk)
        const given = sharing.granted.get(job.jobId)
        const granted = given !== undefined
        if (granted !== own.granted) await writeClaim(folders, { ...own, bytes: given ?? own.bytes, granted })
        if (!granted) throw notNow(own, { disk, claims, sharing })
      }),

    refuse: ({ jobId, workflowId }) =>
      lock(async () => {
        const { disk, claims } = await look()
        const own = claims.find((claim) => claim.jobId === jobId)
        if (!own) return new MustWait('DiskFull')
        const waits = { ...havingStopped(own), workflowId }
        // On a disk that is full to the last byte it can't be noted; the job asks again by itself.
        await writeClaim(folders, waits).catch(() => undefined)
        const all = claims.map((claim) => (claim === own ? waits : claim))
        return notNow(waits, { disk, claims: all, sharing: shareRoom(all, disk) })
      }),

    release: async (jobId) => {
      const { disk, claims } = await look()
      // A retry goes on from its pieces once there is a larger disk; not while others need their room on this one.
      const othersWait = claims.some((claim) => !claim.granted && claim.jobId !== jobId)
      if (othersWait && shareRoom(claims, disk).hopeless.includes(jobId)) await removePieces(folders, jobId)
      await removeClaim(folders, jobId)
    },

    giveAway: () =>
      lock(async () => {
        const { disk, claims } = await look()
        const grown = claims.map((claim) =>
          claim.granted && claim.writtenBytes > claim.bytes ? { ...claim, bytes: claim.writtenBytes } : claim,
        )
        const { granted, giveUp, hopeless } = shareRoom(grown, disk)
        const waiting = grown.filter((claim) => !claim.granted)
        const given = waiting.flatMap((claim) => {
          const bytes = granted.get(claim.jobId)
          return bytes === undefined ? [] : [{ ...claim, bytes, granted: true }]
        })
        const outgrown = grown.filter((claim, index) => claim !== claims[index])
        // A job that has ended meanwhile has no folder to write into.
        await Promise.all([...given, ...outgrown].map((claim) => writeClaim(folders, claim).catch(() => undefined)))
        // What it needs is known by them, and must not be forgotten with them, or it would make them again and again.
        const givers = grown.filter(({ jobId }) => giveUp.includes(jobId)).map(havingStopped)
        await Promise.all(givers.map((claim) => writeClaim(folders, claim).catch(() => undefined)))
        for (const { jobId } of givers) await removePieces(folders, jobId)
        const inVain = waiting.filter(({ jobId }) => hopeless.includes(jobId))
        return { granted: given, hopeless: inVain, waiting: waiting.length - given.length, disk }
      }),

    state: async () => {
      const { disk, claims } = await look()
      const waiting = claims.filter(({ granted }) => !granted).length
      return { disk, reservedBytes: promisedBytes(claims), waiting }
    },
  }
}

/** What to say to a job that can't go on now. */
const notNow = (
  own: KnownClaim,
  { disk, claims, sharing }: { disk: DiskRoom; claims: readonly KnownClaim[]; sharing: Sharing },
): SluiceError => (sharing.hopeless.includes(own.jobId) ? neverFits(own, disk) : mustWait(own, disk, claims))
