import type { Knex } from 'knex'
import type { Config } from '../config.ts'

export interface ConnectOptions {
  /** How long a statement waits for another process that is writing, in ms, before it throws `CatalogBusy`. */
  busyTimeoutMs?: number
}

/** SQLite in the data directory, or MySQL where `config.database.url` is set. */
export const connectDatabase = async (
  _config: Pick<Config, 'dataDir' | 'database'>,
  _options: ConnectOptions = {},
): Promise<Knex> => {
  throw new Error('not written yet')
}
