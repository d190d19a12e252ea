import { Problem } from './problem.ts'

/** Counts a use of something by somebody. @throws Problem RateLimited. */
export type RateLimit = (who: string) => void

/** Those who have not asked for a whole period are forgotten once there are so many. */
const MAX_CALLERS = 10_000

/** A token bucket each: `burst` at once, and again one every `everyMs`. */
export const createRateLimit = ({
  burst,
  everyMs,
  now = Date.now,
}: {
  burst: number
  everyMs: number
  now?: () => number
}): RateLimit => {
  /** When the caller's bucket will be full again, epoch ms. */
  const fullAt = new Map<string, number>()
  return (who) => {
    const time = now()
    const start = Math.max(time, fullAt.get(who) ?? 0)
    const waitMs = start + everyMs - (time + burst * everyMs)
    if (waitMs > 0) {
      const seconds = Math.ceil(waitMs / 1_000)
      throw new Problem('RateLimited', `Ask again in ${seconds} s.`, { headers: { 'Retry-After': String(seconds) } })
    }
    fullAt.set(who, start + everyMs)
    if (fullAt.size > MAX_CALLERS) for (const [caller, full] of fullAt) if (full <= time) fullAt.delete(caller)
  }
}
