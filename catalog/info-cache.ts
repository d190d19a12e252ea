import type { Knex } from 'knex'
import type { Info } from '../contract/media.ts'
import { withCatalogErrors } from './database-errors.ts'
import { hashOf } from './hash.ts'

interface InfoRecord {
  url_key: string
  json: string
  expires_at: number
}

/** What sites said of their media, for as long as it may be believed. */
export interface InfoCache {
  /** Null where there is none or it expired. `cached` is true in what comes back. */
  get(urlKey: string, now: number): Promise<Info | null>
  /** `expiresAt`: epoch ms. */
  put(urlKey: string, info: Info, expiresAt: number): Promise<void>
  /** @returns how many went. */
  removeExpired(now: number): Promise<number>
}

export const createInfoCache = (knex: Knex): InfoCache =>
  withCatalogErrors<InfoCache>({
    get: async (urlKey, now) => {
      const record = await knex<InfoRecord>('info_cache')
        .where({ url_key: hashOf(urlKey) })
        .where('expires_at', '>', now)
        .first()
      return record === undefined ? null : { ...(JSON.parse(record.json) as Info), cached: true }
    },
    put: async (urlKey, info, expiresAt) => {
      await knex<InfoRecord>('info_cache')
        .insert({ url_key: hashOf(urlKey), json: JSON.stringify(info), expires_at: expiresAt })
        .onConflict('url_key')
        .merge()
    },
    removeExpired: (now) => knex<InfoRecord>('info_cache').where('expires_at', '<=', now).delete(),
  })
