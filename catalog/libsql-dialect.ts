import { setTimeout as delay } from 'node:timers/promises'
import BetterSqlite3Client from 'knex/lib/dialects/better-sqlite3/index.js'
import Libsql from 'libsql'

export interface LibsqlConnection {
  filename: string
  /** How long a statement waits for another process that is writing, in ms. */
  busyTimeoutMs: number
}

type Statement = ReturnType<InstanceType<typeof Libsql>['prepare']>

type Connection = InstanceType<typeof Libsql> & {
  /** Prepared statements by their text, the one used longest ago first. */
  prepared: Map<string, Statement>
  /** Set: knex drops the connection instead of using it again. */
  __knex__disposed?: Error
}

interface Query {
  sql: string
  bindings?: readonly unknown[]
  response?: unknown
  context?: { lastID: number | bigint; changes: number }
}

/**
 * SQLite's own waiting blocks the event loop, so it only covers the usual commit of another process (a few ms); from there on
 * this dialect waits by timer.
 */
const BLOCKING_WAIT_MS = 10
const RETRY_EVERY_MS = 15

/** knex's dialect for better-sqlite3, over libsql, which has the same interface and comes compiled. */
export class LibsqlClient extends BetterSqlite3Client {
  override _driver(): unknown {
    return Libsql
  }

  override async acquireRawConnection(): Promise<Connection> {
    const settings = this.connectionSettings as LibsqlConnection
    const connection = Object.assign(new Libsql(settings.filename), { prepared: new Map<string, Statement>() })
    connection.pragma(`busy_timeout = ${BLOCKING_WAIT_MS}`)
    // Two processes that open a new file at once both want to switch it to WAL, and one finds it locked.
    await unlessBusy(() => connection.pragma('journal_mode = WAL'), settings.busyTimeoutMs)
    // FULL: an accepted job survives a power cut, not just a crash.
    connection.pragma('synchronous = FULL')
    connection.pragma('foreign_keys = ON')
    // A checkpoint takes some 10 ms in the midst of a request. Accepting a job writes about 12 pages: at the default of 1,000
    // more than one request in a hundred would wait for one. The log grows to 16 MB.
    connection.pragma('wal_autocheckpoint = 4000')
    return connection
  }

  override async _query(connection: Connection, query: Query): Promise<Query> {
    // Undoing what SQLite already undid itself (a full disk ends the transaction) is not an error.
    if (query.sql.startsWith('ROLLBACK') && !connection.inTransaction) return { ...query, response: [] }
    // All our transactions write. One that begins by reading would be refused, not queued, when it wants to write.
    const statement = prepare(connection, query.sql === 'BEGIN;' ? 'BEGIN IMMEDIATE;' : query.sql)
    const bindings = (query.bindings ?? []).map(toBindable)
    try {
      await unlessBusy(
        () => {
          if (statement.reader) {
            query.response = statement.all(bindings)
            return
          }
          const done = statement.run(bindings)
          query.response = done
          query.context = { lastID: done.lastInsertRowid, changes: done.changes }
        },
        (this.connectionSettings as LibsqlConnection).busyTimeoutMs,
      )
    } catch (error) {
      // libsql leaves a statement that found the database locked open, and with one open no transaction can commit.
      if (isBusy(error)) connection.__knex__disposed = error as Error
      throw error
    }
    return query
  }
}

/** Preparing costs as much as running; the application has some fifty statements, lists of ids make more of them. */
const PREPARED = 200

const prepare = (connection: Connection, sql: string): Statement => {
  const { prepared } = connection
  const statement = prepared.get(sql) ?? connection.prepare(sql)
  prepared.delete(sql)
  prepared.set(sql, statement)
  const [oldest] = prepared.keys()
  if (prepared.size > PREPARED && oldest !== undefined) prepared.delete(oldest)
  return statement
}

const isBusy = (error: unknown): boolean => {
  const code = (error as { code?: unknown } | null)?.code
  return typeof code === 'string' && (code.startsWith('SQLITE_BUSY') || code.startsWith('SQLITE_LOCKED'))
}

/** Repeats what found the database locked until the time is over; a locked statement has changed nothing. */
const unlessBusy = async (execute: () => void, timeoutMs: number): Promise<void> => {
  const giveUpAt = performance.now() + timeoutMs
  for (;;) {
    try {
      execute()
      return
    } catch (error) {
      if (!isBusy(error) || performance.now() >= giveUpAt) throw error
      await delay(RETRY_EVERY_MS)
    }
  }
}

/** libsql ends the process on a boolean, and cuts text off at a NUL. */
const toBindable = (value: unknown): unknown => {
  if (typeof value === 'boolean') return value ? 1 : 0
  if (typeof value === 'string') return value.includes('\0') ? value.replaceAll('\0', '') : value
  if (value === null || typeof value === 'number' || typeof value === 'bigint') return value
  // knex's own table of migrations.
  if (value instanceof Date) return value.getTime()
  throw new TypeError(`A ${typeof value} is nothing that the catalog stores`)
}
