import type { Knex } from 'knex'

/** How long the same `Idempotency-Key` gives the same job. */
export const IDEMPOTENCY_TTL_MS = 24 * 60 * 60 * 1_000

/** Keys are claimed by `JobQueries.acceptOrMatch`, in the transaction that inserts the jobs; here is what remains. */
export interface IdempotencyKeys {
  /** @returns how many went. */
  removeExpired(now: number): Promise<number>
}

export const createIdempotencyKeys = (_knex: Knex): IdempotencyKeys => {
  throw new Error('not written yet')
}
