import {
  ActivityFailure,
  CancellationScope,
  CancelledFailure,
  condition,
  defineSignal,
  isCancellation,
  setHandler,
} from '@temporalio/workflow'
import { SIGNALS } from '../contract/names.ts'

/**
 * `order`: the row's revision at the time of the wish; a signal that was overtaken by a newer one is left alone. Without it, as
 * from an operator's hand, the signal counts at once.
 */
export const pauseSignal = defineSignal<[order?: number]>(SIGNALS.pause)
export const resumeSignal = defineSignal<[order?: number]>(SIGNALS.resume)

/** Work that a pause cut off has no value; `attempt`: the number of the attempt that was at it, where that is known. */
export type Gated<O> = { paused: false; value: O } | { paused: true; attempt: number | null }

export interface PauseGate {
  /** Begins to hear signals, with those that came before. @param onChange called when one of the answers may have changed. */
  listen(onChange: () => void): void
  /** Runs `work` once the job is not paused, and cancels what it scheduled when a pause comes. @throws what `work` throws. */
  pass<O>(work: () => Promise<O>): Promise<Gated<O>>
  /** Whether a pause is wished for. */
  isWished(): boolean
  /** Order of the newest signal that was heard; 0: none. */
  heard(): number
  /** Whether it is wished for and nothing runs any more. */
  isPaused(): boolean
}

export const createPauseGate = (): PauseGate => {
  const running = new Set<CancellationScope>()
  let wished = false
  let newest = 0
  let onChange = (): void => {}

  const hear = (wish: boolean, order: unknown): void => {
    if (typeof order === 'number') {
      if (order < newest) return
      newest = order
    }
    if (wish === wished) return
    wished = wish
    if (wished) for (const scope of running) scope.cancel()
    onChange()
  }

  return {
    listen: (changed) => {
      onChange = changed
      setHandler(pauseSignal, (order) => hear(true, order))
      setHandler(resumeSignal, (order) => hear(false, order))
    },
    isWished: () => wished,
    heard: () => newest,
    isPaused: () => wished && running.size === 0,
    pass: async <O>(work: () => Promise<O>): Promise<Gated<O>> => {
      const outer = CancellationScope.current()
      await condition(() => !wished)
      const scope = new CancellationScope({ cancellable: true })
      running.add(scope)
      try {
        return { paused: false, value: await scope.run(work) }
      } catch (error) {
        if (!scope.consideredCancelled || outer.consideredCancelled || !wasCutOff(error)) throw error
        return { paused: true, attempt: attemptOf(error) }
      } finally {
        running.delete(scope)
        if (wished) onChange()
      }
    },
  }
}

/** An activity whose worker dies after it was asked to stop is not cancelled but given up. */
const wasCutOff = (error: unknown): boolean =>
  isCancellation(error) || (error instanceof ActivityFailure && error.retryState === 'CANCEL_REQUESTED')

const attemptOf = (error: unknown): number | null => {
  const cause = error instanceof ActivityFailure ? error.cause : error
  const details =
    cause instanceof CancelledFailure ? (cause.details?.[0] as { attempt?: number } | undefined) : undefined
  return details?.attempt ?? null
}
