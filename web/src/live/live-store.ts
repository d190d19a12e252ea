import type { Job } from '../../../contract/jobs.ts'
import { emptyLiveState, type LiveEvent, type LiveState, reduceLive, withoutWanted } from './live-state.ts'

export interface LiveStore {
  getState: () => LiveState
  /** Calls back after each change; returns the way to stop. */
  subscribe: (listener: () => void) => () => void
  /** Takes effect with the next flush, together with what else has come until then. */
  receive: (event: LiveEvent) => void
  /** Takes effect at once: what an HTTP call has answered. */
  loaded: (jobs: readonly Job[]) => void
  removed: (jobId: string) => void
}

export interface LiveStoreDependencies {
  /** Loads one job whole, after its messages left a gap. */
  load: (jobId: string) => Promise<Job>
  /** Runs a flush soon. */
  defer: (flush: () => void) => void
  onError: (error: unknown) => void
}

/** Holds {@link LiveState} and folds messages into it in batches, so that a hundred updates a second cost a few renders. */
export const createLiveStore = ({ load, defer, onError }: LiveStoreDependencies): LiveStore => {
  let state = emptyLiveState
  let queue: LiveEvent[] = []
  const listeners = new Set<() => void>()

  const fetchWanted = (): void => {
    const wanted = [...state.wanted]
    if (wanted.length === 0) return
    state = withoutWanted(state)
    for (const jobId of wanted) load(jobId).then((job) => loaded([job]), onError)
  }

  const fold = (events: readonly LiveEvent[]): void => {
    state = reduceLive(state, events)
    fetchWanted()
    for (const listener of listeners) listener()
  }

  const flush = (): void => {
    const events = queue
    queue = []
    if (events.length > 0) fold(events)
  }

  const loaded = (jobs: readonly Job[]): void => {
    flush()
    fold([{ type: 'loaded', jobs }])
  }

  return {
    getState: () => state,
    subscribe(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    receive(event) {
      queue.push(event)
      if (queue.length === 1) defer(flush)
    },
    loaded,
    removed(jobId) {
      flush()
      fold([{ type: 'removed', jobId }])
    },
  }
}
