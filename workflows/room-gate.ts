import { condition, defineSignal, setHandler, sleep } from '@temporalio/workflow'
import type { Failure } from '../contract/failures.ts'
import { SIGNALS } from '../contract/names.ts'

/** There is room on the disk for this job now. */
export const roomSignal = defineSignal(SIGNALS.room)

/** Who divides the disk may be away, or its word be lost: the job asks again by itself, more and more rarely, as each time is history. */
const FIRST_ASK_MS = 5_000
const LAST_ASK_MS = 600_000
/** Room that is there but does not do, as under a quota of the system's: not at once again. */
const FIRST_REST_MS = 5_000
const LAST_REST_MS = 60_000

export interface RoomGate {
  /** Begins to hear signals. @param onChange called when the job begins to wait, and when it goes on. */
  listen(onChange: () => void): void
  /** Grows with each word that there is room. */
  told(): number
  /** Why the job waits; null where it does not. */
  reason(): Failure | null
  /** Runs `wait`, during which the job waits for this reason. */
  during(reason: Failure, wait: () => Promise<void>): Promise<void>
  /** Resolves when there was word of room since `told`, or when it is time to ask. @param refusals in a row, this one included. */
  opened(since: { told: number; refusals: number; startedAt: number }): Promise<void>
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
    told: () => told,
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
    opened: async ({ told: before, refusals, startedAt }) => {
      const restMs = refusals === 1 ? 0 : Math.min(FIRST_REST_MS * 2 ** (refusals - 2), LAST_REST_MS)
      const askMs = Math.min(FIRST_ASK_MS * 2 ** (refusals - 1), LAST_ASK_MS)
      const left = (ms: number): number => Math.max(1, startedAt + ms - Date.now())
      if (restMs > 0) await sleep(left(restMs))
      await condition(() => told > before, left(askMs))
    },
  }
}
