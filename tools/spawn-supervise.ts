import { SluiceError } from '../contract/failures.ts'
import { signalGroup } from './spawn-group.ts'

/** The reason of an abort whose programs are killed without being asked first: nothing they could still write is of use. */
export class StopAtOnce extends Error {
  override readonly name = 'StopAtOnce'
}

/** A program that was asked to end gets this long to remove its temporary files. */
const TERM_GRACE_MS = 3_000

export interface GroupSupervisor {
  /** Counts as progress. */
  touch(): void
  /** Asks the group to end, kills it after the grace; the first reason stays. */
  stop(error: unknown): void
  /** Runs a callback of the caller; what it throws ends the group. */
  guard(callback: () => void): void
  /** The leader has exited: what it left behind is killed. */
  leaderEnded(): void
  /** Stops all watching. */
  release(): void
  /** Why the group was stopped; null when it ended by itself. */
  stopReason(): { error: unknown } | null
}

/** Watches one process group for cancellation and stalls, and ends it with one recorded reason. */
export const superviseGroup = (
  groupId: number,
  watch: {
    tool: string
    signal?: AbortSignal | undefined
    stallMs?: number | undefined
    onAlive?: (() => void) | undefined
  },
): GroupSupervisor => {
  let reason: { error: unknown } | null = null
  let killTimer: NodeJS.Timeout | null = null
  const stop = (error: unknown): void => {
    if (reason !== null) return
    reason = { error }
    if (error instanceof StopAtOnce) signalGroup(groupId, 'SIGKILL')
    else if (signalGroup(groupId, 'SIGTERM')) {
      killTimer = setTimeout(() => signalGroup(groupId, 'SIGKILL'), TERM_GRACE_MS)
    }
  }
  const stalled = (): void =>
    stop(
      new SluiceError('ToolStalled', `${watch.tool} made no progress for ${watch.stallMs} ms and was stopped.`, {
        tool: watch.tool,
      }),
    )
  const stallTimer = watch.stallMs === undefined ? null : setTimeout(stalled, watch.stallMs)
  const abort = (): void => stop(watch.signal?.reason)
  watch.signal?.addEventListener('abort', abort, { once: true })
  if (watch.signal?.aborted) abort()
  return {
    touch: () => {
      stallTimer?.refresh()
      watch.onAlive?.()
    },
    stop,
    guard: (callback) => {
      try {
        callback()
      } catch (error) {
        stop(error)
      }
    },
    leaderEnded: () => {
      signalGroup(groupId, 'SIGKILL')
    },
    release: () => {
      if (killTimer !== null) clearTimeout(killTimer)
      if (stallTimer !== null) clearTimeout(stallTimer)
      watch.signal?.removeEventListener('abort', abort)
    },
    stopReason: () => reason,
  }
}
