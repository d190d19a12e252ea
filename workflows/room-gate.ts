import { condition, defineSignal, setHandler, sleep } from '@temporalio/workflow'
import type { Failure } from '../contract/failures.ts'
import { SIGNALS } from '../contract/names.ts'

/** There is room on the disk for this job now. */
export const roomSignal = defineSignal(SIGNALS.room)

/** Who divides the disk may be away, or its word be lost: the job asks again by itself, more and more rarely, as each time is history. */
const FIRST_ASK_MS = 5_000
const LAST_ASK_MS = 600_000
/** Room that is there but does not do, as under a quota of the system's: who was sent in vain so often, and each time at once, rests. */
const PROMPT_TIMES = 2
const VAIN_WITHIN_MS = 30_000
const FIRST_REST_MS = 5_000
const LAST_REST_MS = 60_000

/** What one part of a job does that may find no room. */
export interface RoomEntry {
  /** Called as it is tried. */
  tried(): void
  /** Called where there was no room for it. */
  refused(): void
  /**
   * Resolves when there was word of room since it was tried, at once but for a job that was sent in vain, or when it is time to ask.
   * After a pause it is called anew, and the time is counted from the refusal.
   */
  opened(): Promise<void>
}

export interface RoomGate {
  /** Begins to hear signals. @param onChange called when the job begins to wait, and when it goes on. */
  listen(onChange: () => void): void
  /** Why the job waits; null where it does not. */
  reason(): Failure | null
  /** Runs `wait`, during which the job waits for this reason. */
  during(reason: Failure, wait: () => Promise<void>): Promise<void>
  entry(): RoomEntry
}

export const createRoomGate = (): RoomGate => {
  const reasons = new Set<Failure>()
  let told = 0
  let onChange = (): void => {}
  return {
    listen: (changed) => {
      onChange = changed
      setHandler(roomSignal, () => {
        told += 1
      })
    },
    reason: () => [...reasons].at(-1) ?? null,
    during: async (reason, wait) => {
      reasons.add(reason)
      onChange()
      try {
        await wait()
      } finally {
        reasons.delete(reason)
        onChange()
      }
    },
    entry: () => createEntry(() => told),
  }
}

const createEntry = (told: () => number): RoomEntry => {
  let toldBefore = 0
  let triedAt = 0
  let refusedAt = 0
  let refusals = 0
  let sent = false
  let inVain = 0
  const left = (ms: number): number => Math.max(1, refusedAt + ms - Date.now())
  return {
    tried: () => {
      toldBefore = told()
      triedAt = Date.now()
    },
    refused: () => {
      refusedAt = Date.now()
      refusals += 1
      inVain = sent && refusedAt - triedAt < VAIN_WITHIN_MS ? inVain + 1 : 0
      sent = false
    },
    opened: async () => {
      sent = await condition(() => told() > toldBefore, left(Math.min(FIRST_ASK_MS * 2 ** (refusals - 1), LAST_ASK_MS)))
      if (sent && inVain >= PROMPT_TIMES) {
        await sleep(left(Math.min(FIRST_REST_MS * 2 ** (inVain - PROMPT_TIMES), LAST_REST_MS)))
      }
    },
  }
}
