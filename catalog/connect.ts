import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import knex, { type Knex } from 'knex'
import type { Config } from '../config.ts'
import { LibsqlClient, type LibsqlConnection } from './libsql-dialect.ts'

export interface ConnectOptions {
  /** How long a statement waits for another process that is writing, in ms, before it throws `CatalogBusy`. */
  busyTimeoutMs?: number
}

/** Far beyond any write of ours; below the patience of an HTTP client. */
const BUSY_TIMEOUT_MS = 5_000
/** A statement on a local network takes milliseconds; a server that does not answer by then is away. */
const MYSQL_CONNECT_TIMEOUT_MS = 5_000

const quietErrors = {
  // Otherwise bindings are part of error messages: addresses with tokens would end up in the log.
  compileSqlOnError: false,
  // knex prints lost connections; whoever waits for the connection is told, and logs it.
  log: { warn: () => undefined },
}

/** SQLite in the data directory, or MySQL where `config.database.url` is set. Connects at the first statement. */
export const connectDatabase = async (
  config: Pick<Config, 'dataDir' | 'database'>,
  options: ConnectOptions = {},
): Promise<Knex> => {
  const busyTimeoutMs = options.busyTimeoutMs ?? BUSY_TIMEOUT_MS
  if (config.database.url !== null) return connectMysql(config.database.url, config.database.pool, busyTimeoutMs)
  await mkdir(config.dataDir, { recursive: true })
  const connection: LibsqlConnection = { filename: join(config.dataDir, 'catalog.db'), busyTimeoutMs }
  return knex({
    ...quietErrors,
    client: LibsqlClient,
    connection,
    // libsql answers synchronously: a second connection would only ever wait for the first.
    pool: { min: 1, max: 1 },
    acquireConnectionTimeout: busyTimeoutMs,
    useNullAsDefault: true,
  })
}

interface MysqlConnection {
  query(sql: string, done: (error: unknown) => void): void
}

const connectMysql = (url: string, pool: number, busyTimeoutMs: number): Knex => {
  const { hostname, port, username, password, pathname } = new URL(url)
  const lockWaitSeconds = Math.max(1, Math.ceil(busyTimeoutMs / 1_000))
  return knex({
    ...quietErrors,
    client: 'mysql2',
    connection: {
      host: hostname,
      port: port === '' ? 3306 : Number(port),
      user: decodeURIComponent(username),
      password: decodeURIComponent(password),
      database: decodeURIComponent(pathname.slice(1)),
      charset: 'utf8mb4',
      connectTimeout: MYSQL_CONNECT_TIMEOUT_MS,
    },
    pool: {
      min: 0,
      // Migrating takes two: one holds the lock, one changes the tables.
      max: Math.max(2, pool),
      afterCreate: (connection: MysqlConnection, done: (error: unknown, connection: unknown) => void) => {
        // READ COMMITTED: a transaction that lost a race sees the winner's row, and there are no gap locks to deadlock on.
        connection.query('SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED', (error) => {
          if (error !== null) return done(error, connection)
          connection.query(`SET SESSION innodb_lock_wait_timeout = ${lockWaitSeconds}`, (failed) =>
            done(failed, connection),
          )
        })
      },
    },
    acquireConnectionTimeout: busyTimeoutMs,
  })
}
