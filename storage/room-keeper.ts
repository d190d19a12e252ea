import { sizeText } from '../contract/size-text.ts'
import type { Ballast } from './ballast.ts'
import type { KnownClaim } from './room-claims.ts'
import type { Room } from './room.ts'

interface KeeperLog {
  info(fields: object, message: string): void
  warn(fields: object, message: string): void
}

export interface RoomKeeper {
  room: Pick<Room, 'giveAway'>
  ballast: Pick<Ballast, 'tend'>
  /** Tells a job to ask again: there is room for it now, or there never will be. */
  tell: (claim: KnownClaim) => Promise<void>
  /** Removes what nobody needs, as long as somebody waits. */
  clearAway: () => Promise<void>
  log: KeeperLog
}

/** Soon enough for whoever has just made room, and looks. */
const INTERVAL_MS = 2_000
const CLEAR_EVERY_MS = 30_000

/** Looks after those that wait for room: clears away what can be, and lets them go on one by one as there is room. */
export const startRoomKeeper = ({ room, ballast, tell, clearAway, log }: RoomKeeper): { stop(): Promise<void> } => {
  let stopped = false
  let waited = 0
  let clearedAt = 0
  /** What may take its time while Temporal or the catalog can't write either. */
  const beside = new Set<Promise<void>>()
  const inTheirTime = (work: Promise<void>, failure: string): void => {
    const watched = work
      .catch((error: unknown) => log.warn({ err: error }, failure))
      .finally(() => void beside.delete(watched))
    beside.add(watched)
  }

  /** Told once: who is paused hears it later, by asking. */
  let toldOfNone: ReadonlySet<string> = new Set()
  const look = async (): Promise<void> => {
    const { granted, hopeless, waiting, disk } = await room.giveAway()
    const done = await ballast.tend(disk)
    if (done === 'thrown off')
      log.warn({}, 'the disk is full to the last byte; the ballast makes room for the databases')
    for (const claim of granted) {
      log.info({ jobId: claim.jobId, room: sizeText(claim.bytes) }, 'there is room; the job goes on')
      // A job that is not reached asks by itself, later.
      inTheirTime(tell(claim), 'a job cannot be told that there is room')
    }
    for (const claim of hopeless) {
      if (toldOfNone.has(claim.jobId)) continue
      log.info({ jobId: claim.jobId, room: sizeText(disk.mostBytes) }, 'a job needs more than there can ever be')
      inTheirTime(tell(claim), 'a job cannot be told that there is never enough room')
    }
    toldOfNone = new Set(hopeless.map(({ jobId }) => jobId))
    if (waiting > waited) {
      log.warn({ waiting, free: sizeText(Math.max(0, disk.freeBytes)) }, 'jobs wait for room on the disk')
    }
    waited = waiting
    if (waiting === 0 || Date.now() - clearedAt < CLEAR_EVERY_MS) return
    clearedAt = Date.now()
    inTheirTime(clearAway(), 'what nobody needs cannot be removed')
  }

  let looking: Promise<void> = Promise.resolve()
  let failed = false
  const timer = setInterval(() => {
    looking = looking.then(async () => {
      if (stopped) return
      await look().then(
        () => {
          failed = false
        },
        (error: unknown) => {
          if (!failed) log.warn({ err: error }, 'cannot look after the room on the disk; it is tried again')
          failed = true
        },
      )
    })
  }, INTERVAL_MS)
  // Nothing waits for it.
  timer.unref()
  return {
    stop: async () => {
      stopped = true
      clearInterval(timer)
      await looking
    },
  }
}
