import { setTimeout as sleep } from 'node:timers/promises'
import { launch, type Life, type ProcessSpec } from './child-life.ts'
import { endGroup, signalGroup } from './end-process.ts'
import { StartError } from './start-error.ts'

const FIRST_DELAY_MS = 1_000
const MAX_DELAY_MS = 30_000
/**
 * Ready for so long, a process is taken to be well, and its next death is met with the first delay: one that is killed now and then
 * is no crash loop, and everybody's work waits for it.
 */
const WELL_AFTER_MS = 10_000
/** Deaths before it was ever ready: one may be bad luck, as with a port that was just taken. */
const FAILED_STARTS = 2
/** Those killed from outside say nothing of what is started; so many in a row are no bad luck either. */
const KILLED_STARTS = 10

export interface SupervisedSpec extends ProcessSpec {
  /** From SIGTERM to SIGKILL. */
  stopGraceMs: number
}

export interface SupervisedProcess {
  name: string
  /** Null between two lives. */
  pid: () => number | null
  /** Resolves when it is ready for the first time; @throws StartError where it never is. */
  ready: Promise<void>
  stop(): Promise<void>
  /** At once and without asking. */
  kill(): void
}

export interface SuperviseOptions {
  spec: SupervisedSpec
  say: (line: string) => void
  /** A new process id, or none. */
  onChange: () => void
  wellAfterMs?: number
}

/** Keeps a process running: starts it, and again whenever it ends, with growing delays, until it is stopped. */
export const supervise = ({
  spec,
  say,
  onChange,
  wellAfterMs = WELL_AFTER_MS,
}: SuperviseOptions): SupervisedProcess => {
  const stopping = new AbortController()
  let life: Life | null = null
  let stopped: Promise<void> | null = null
  let isReady: () => void
  let isFailed: (error: Error) => void
  const ready = new Promise<void>((resolve, reject) => {
    isReady = resolve
    isFailed = reject
  })
  // Whoever starts it may look later, or not at all.
  ready.catch(() => undefined)

  const live = async (): Promise<void> => {
    let delayMs = FIRST_DELAY_MS
    let readyOnce = false
    let failed = 0
    for (let lives = 1; !stopping.signal.aborted; lives += 1) {
      let readyAt: number | null = null
      let isGivenUp = false
      const current = launch(spec, say)
      life = current
      onChange()
      const watchReady = current.ready.then(
        () => {
          readyOnce = true
          readyAt = performance.now()
          isReady()
        },
        // Not ready in time or at all. If it still runs it is of no use.
        () => {
          isGivenUp = signalGroup(current.pid, 'SIGKILL')
        },
      )
      const ending = await current.ended
      await watchReady
      life = null
      onChange()
      if (stopping.signal.aborted) return
      if (ending !== 'SIGKILL' || isGivenUp) failed += 1
      if (!readyOnce && (failed >= FAILED_STARTS || lives >= KILLED_STARTS)) {
        isFailed(new StartError(`${spec.title} does not start (${ending}).\n${current.lastWords()}`.trim()))
        return
      }
      if (readyAt !== null && performance.now() - readyAt >= wellAfterMs) delayMs = FIRST_DELAY_MS
      say(`${spec.title} ended (${ending}); it starts again in ${delayMs / 1_000} s`)
      await sleep(delayMs, undefined, { signal: stopping.signal }).catch(() => undefined)
      delayMs = Math.min(delayMs * 2, MAX_DELAY_MS)
    }
  }
  const living = live().catch((error: unknown) => isFailed(error instanceof Error ? error : new Error(String(error))))

  const stop = async () => {
    stopping.abort()
    if (life) await endGroup(life.pid, spec.stopGraceMs)
    await living
    isFailed(new StartError(`${spec.title} was stopped.`))
  }
  return {
    name: spec.name,
    pid: () => life?.pid ?? null,
    ready,
    stop: () => (stopped ??= stop()),
    kill: () => {
      stopping.abort()
      if (life) signalGroup(life.pid, 'SIGKILL')
    },
  }
}
