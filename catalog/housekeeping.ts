import type { Logger } from 'pino'
import type { Catalog } from './catalog.ts'

const INTERVAL_MS = 3_600_000

/** Removes what has expired, now and every hour: cached answers about sources and kept idempotency keys. */
export const startHousekeeping = ({ infoCache, idempotency }: Catalog, log: Logger): { stop(): void } => {
  const sweep = async (): Promise<void> => {
    try {
      const now = Date.now()
      const removed = { answers: await infoCache.removeExpired(now), keys: await idempotency.removeExpired(now) }
      log.debug(removed, 'removed what has expired')
    } catch (error) {
      log.warn({ err: error }, 'cannot remove what has expired; it is tried again in an hour')
    }
  }
  void sweep()
  const timer = setInterval(() => void sweep(), INTERVAL_MS)
  // Nothing waits for it.
  timer.unref()
  return { stop: () => clearInterval(timer) }
}
