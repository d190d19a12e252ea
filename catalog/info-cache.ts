import type { Knex } from 'knex'
import type { Info } from '../contract/media.ts'

/** What sites said of their media, for as long as it may be believed. */
export interface InfoCache {
  /** Null where there is none or it expired. `cached` is true in what comes back. */
  get(urlKey: string, now: number): Promise<Info | null>
  /** `expiresAt`: epoch ms. */
  put(urlKey: string, info: Info, expiresAt: number): Promise<void>
  /** @returns how many went. */
  removeExpired(now: number): Promise<number>
}

export const createInfoCache = (_knex: Knex): InfoCache => {
  throw new Error('not written yet')
}
