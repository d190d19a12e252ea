import type { Knex } from 'knex'
import { withCatalogErrors } from './database-errors.ts'
import { hashOf } from './hash.ts'

/** How long the same `Idempotency-Key` gives the same job. */
export const IDEMPOTENCY_TTL_MS = 24 * 60 * 60 * 1_000

/** The client's `Idempotency-Key` with a hash of the body it came with, per owner. */
export interface IdempotencyClaim {
  owner: string
  key: string
  bodyHash: string
}

interface ClaimRecord {
  claim_key: string
  body_hash: string
  job_ids: string
  created_at: number
}

/** What a key gave before; null where it is new or has expired. */
export const findIdempotencyClaim = async (
  trx: Knex.Transaction,
  { owner, key }: IdempotencyClaim,
  now: number,
): Promise<{ bodyHash: string; jobIds: string[] } | null> => {
  const record = await trx<ClaimRecord>('idempotency_keys')
    .where({ claim_key: hashOf(owner, key) })
    .where('created_at', '>', now - IDEMPOTENCY_TTL_MS)
    .first()
  return record === undefined ? null : { bodyHash: record.body_hash, jobIds: JSON.parse(record.job_ids) as string[] }
}

/** Fails on the unique key where another transaction was faster: `transact` then looks again. */
export const claimIdempotencyKey = async (
  trx: Knex.Transaction,
  { owner, key, bodyHash }: IdempotencyClaim,
  jobIds: string[],
  now: number,
): Promise<void> => {
  const claimKey = hashOf(owner, key)
  await trx<ClaimRecord>('idempotency_keys')
    .where({ claim_key: claimKey })
    .where('created_at', '<=', now - IDEMPOTENCY_TTL_MS)
    .delete()
  await trx<ClaimRecord>('idempotency_keys').insert({
    claim_key: claimKey,
    body_hash: bodyHash,
    job_ids: JSON.stringify(jobIds),
    created_at: now,
  })
}

/** Keys are claimed by `JobQueries.acceptOrMatch`, in the transaction that inserts the jobs; here is what remains. */
export interface IdempotencyKeys {
  /** @returns how many went. */
  removeExpired(now: number): Promise<number>
}

export const createIdempotencyKeys = (knex: Knex): IdempotencyKeys =>
  withCatalogErrors<IdempotencyKeys>({
    removeExpired: (now) =>
      knex<ClaimRecord>('idempotency_keys')
        .where('created_at', '<=', now - IDEMPOTENCY_TTL_MS)
        .delete(),
  })
