import type { Logger } from 'pino'
import { workflowIdOf } from '../../contract/names.ts'
import type { ProgressSample } from '../../contract/progress.ts'
import type { ProgressFeed } from './feed.ts'

/** How often the bus is looked at; with the silence below it makes the 2 s that sockets are promised. */
const CHECK_EVERY_MS = 250
/** Workers ping each second. */
const SILENT_AFTER_MS = 1_500
const POLL_EVERY_MS = 1_000
/** `describe` costs the server a few ms; watched jobs beyond this take turns. */
const MAX_DESCRIBES = 40
const DESCRIBES_AT_ONCE = 8

export interface HeartbeatFallbackDeps {
  feed: Pick<ProgressFeed, 'watchedJobs' | 'refresh' | 'onSample'>
  lastHeardAt(): number
  /** Progress in the newest heartbeats of a workflow's running activities. */
  readHeartbeats(workflowId: string): Promise<ProgressSample[]>
  log: Logger
  now?: () => number
}

/**
 * Feeds the sockets from the catalog and from Temporal while no worker is heard: losing the bus costs smoothness, never
 * truth. Returns the way to stop.
 */
export const startHeartbeatFallback = (deps: HeartbeatFallbackDeps): (() => void) => {
  const now = deps.now ?? Date.now
  let polledAt = 0
  let polling = false
  let turn = 0

  const poll = async () => {
    const watched = deps.feed.watchedJobs()
    deps.feed.refresh(watched.map(({ id }) => id))
    const running = watched.filter(({ state }) => state === 'running')
    const chosen = Array.from({ length: Math.min(MAX_DESCRIBES, running.length) }, (_, index) => {
      return running[(turn + index) % running.length]
    })
    turn += chosen.length
    const next = chosen.values()
    const describeSome = async () => {
      for (const row of next) {
        if (!row) continue
        for (const sample of await deps.readHeartbeats(workflowIdOf(row.kind, row.id, row.run)))
          deps.feed.onSample(sample)
      }
    }
    await Promise.all(Array.from({ length: DESCRIBES_AT_ONCE }, describeSome))
  }
  const check = () => {
    // A clock that was set back must not make them wait for its return.
    const since = (then: number): number => Math.abs(now() - then)
    if (since(deps.lastHeardAt()) <= SILENT_AFTER_MS || polling || since(polledAt) < POLL_EVERY_MS) return
    polling = true
    polledAt = now()
    poll()
      // With Temporal away as well there is nothing to show; it will be said elsewhere.
      .catch((error: unknown) => deps.log.debug({ err: error }, 'heartbeats cannot be read'))
      .finally(() => {
        polling = false
      })
  }
  const timer = setInterval(check, CHECK_EVERY_MS)
  timer.unref()
  return () => clearInterval(timer)
}
