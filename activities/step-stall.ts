import { lstat, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { SluiceError } from '../contract/failures.ts'

/**
 * Programs have watchdogs of their own on media time and bytes; this one is behind them, for what has none: joining, packaging,
 * moving an index, checksums, copies. So nothing hangs at 99 %.
 */
const FACTOR = 1.5
/** A look of which each but the last found something is no stall; neither is one long look, as when the whole process was stopped. */
const LOOKS = 6
/** A program that was told to end is killed after 3 s; what hangs in the system never ends. */
const ENDS_WITHIN_MS = 5_000

export interface StallWatch {
  /** Aborts with ToolStalled. */
  signal: AbortSignal
  /** A sign of life. */
  alive(): void
  /** Files that change in here are one, too. */
  watchFolder(path: string): void
  /** Ends with `work`; where that stalls and does not end when told to, without it. @throws SluiceError ToolStalled */
  during<O>(work: Promise<O>): Promise<O>
}

/** @param stallMs after which a program without progress is stopped. */
export const watchForStall = (stallMs: number): StallWatch => {
  const stalled = new AbortController()
  const folders = new Set<string>()
  let signs = 0

  const look = async (): Promise<string> => {
    const states = await Promise.all([...folders].map(stateOf))
    return `${signs} ${states.join()}`
  }

  const watch = async (ended: AbortSignal): Promise<never> => {
    const limitMs = stallMs * FACTOR
    let before = ''
    for (let unchanged = 0; unchanged < LOOKS;) {
      await sleep(limitMs / LOOKS, undefined, { signal: ended })
      const now = await look()
      unchanged = now === before ? unchanged + 1 : 0
      before = now
    }
    const sentence = `Nothing moved in this step for ${Math.round(limitMs / 1_000)} s, and it was stopped.`
    const error = new SluiceError('ToolStalled', sentence)
    stalled.abort(error)
    await sleep(ENDS_WITHIN_MS, undefined, { signal: ended })
    throw error
  }

  return {
    signal: stalled.signal,
    alive: () => {
      signs += 1
    },
    watchFolder: (path) => void folders.add(path),
    during: async (work) => {
      const ended = new AbortController()
      const watched = watch(ended.signal)
      // Its timer ends with the work.
      watched.catch(() => undefined)
      try {
        return await Promise.race([work, watched])
      } finally {
        ended.abort()
      }
    },
  }
}

/** Changes with whatever is written below a folder. */
const stateOf = async (path: string): Promise<string> => {
  const stats = await lstat(path).catch(() => null)
  if (stats === null) return ''
  if (!stats.isDirectory()) return `${stats.size}/${stats.mtimeMs}`
  const names = await readdir(path).catch(() => [])
  const states = await Promise.all(names.map((name) => stateOf(join(path, name))))
  return `${stats.mtimeMs}:${states.join()}`
}
