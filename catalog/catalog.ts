import type { Config } from '../config.ts'
import { connectDatabase, type ConnectOptions } from './connect.ts'
import { withCatalogErrors } from './database-errors.ts'
import { createIdempotencyKeys, type IdempotencyKeys } from './idempotency.ts'
import { createInfoCache, type InfoCache } from './info-cache.ts'
import { createJobQueries } from './job-queries.ts'
import type { JobQueries } from './jobs.ts'
import { createMediaQueries } from './media-queries.ts'
import type { MediaQueries } from './media.ts'
import { migrate } from './migrations.ts'

/** What was accepted and what exists. */
export interface Catalog {
  jobs: JobQueries
  media: MediaQueries
  infoCache: InfoCache
  idempotency: IdempotencyKeys
  /** For readiness. @throws SluiceError CatalogBusy when the database does not answer. */
  ping(): Promise<void>
  close(): Promise<void>
}

/**
 * Connects and brings the tables up to date; several processes may do so at once.
 * @throws SluiceError CatalogBusy when the database can't be reached or stays locked.
 */
export const openCatalog = async (
  config: Pick<Config, 'dataDir' | 'database'>,
  options: ConnectOptions = {},
): Promise<Catalog> => {
  const knex = await connectDatabase(config, options)
  const { ready, ping } = withCatalogErrors({
    ready: () => migrate(knex),
    ping: async () => {
      await knex.raw('select 1')
    },
  })
  try {
    await ready()
  } catch (error) {
    await knex.destroy()
    throw error
  }
  return {
    jobs: createJobQueries(knex),
    media: createMediaQueries(knex),
    infoCache: createInfoCache(knex),
    idempotency: createIdempotencyKeys(knex),
    ping,
    close: () => knex.destroy(),
  }
}
