import { SluiceError } from '../contract/failures.ts'

/** Codes of SQLite, MySQL and the network that mean: not now. https://mariadb.com/kb/en/mariadb-error-codes/ */
const BUSY = new Set([
  'SQLITE_BUSY',
  'SQLITE_LOCKED',
  'ER_LOCK_DEADLOCK',
  'ER_LOCK_WAIT_TIMEOUT',
  'ER_CON_COUNT_ERROR',
  'ER_TOO_MANY_USER_CONNECTIONS',
  'ER_SERVER_SHUTDOWN',
  'ER_CONNECTION_KILLED',
  'ER_OPTION_PREVENTS_STATEMENT',
  'PROTOCOL_CONNECTION_LOST',
  'PROTOCOL_SEQUENCE_TIMEOUT',
  'PROTOCOL_ENQUEUE_AFTER_FATAL_ERROR',
  'PROTOCOL_ENQUEUE_AFTER_QUIT',
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
])
const DUPLICATE = new Set(['SQLITE_CONSTRAINT_UNIQUE', 'SQLITE_CONSTRAINT_PRIMARYKEY', 'ER_DUP_ENTRY'])

const codeOf = (error: unknown): string => {
  const code = (error as { code?: unknown } | null)?.code
  return typeof code === 'string' ? code : ''
}

/** A unique key is taken. */
export const isDuplicate = (error: unknown): boolean => DUPLICATE.has(codeOf(error))

/** The database chose this transaction to break a tie; the same again will do. */
export const isDeadlock = (error: unknown): boolean => codeOf(error) === 'ER_LOCK_DEADLOCK'

/** What the database's error means to the rest of Sluice; unknown ones stay as they are. */
export const toCatalogError = (error: unknown): unknown => {
  if (error instanceof SluiceError) return error
  const code = codeOf(error)
  const busy = BUSY.has(code) || code.startsWith('SQLITE_BUSY_') || code.startsWith('SQLITE_LOCKED_')
  const poolExhausted = error instanceof Error && error.name === 'KnexTimeoutError'
  if (busy || poolExhausted) return new SluiceError('CatalogBusy', undefined, {}, error)
  if (code === 'SQLITE_FULL' || code === 'ER_RECORD_FILE_FULL' || code === 'ER_DISK_FULL') {
    return new SluiceError('DiskFull', undefined, {}, error)
  }
  if (/^SQLITE_(IOERR|CANTOPEN|READONLY|PERM)/.test(code)) {
    return new SluiceError('StorageUnavailable', 'The catalog database file cannot be used.', {}, error)
  }
  return error
}

type Query = (...args: never[]) => Promise<unknown>

/** The same functions, throwing SluiceError where the database is locked, away or full. */
export const withCatalogErrors = <T extends { [K in keyof T]: Query }>(queries: T): T => {
  const entries = Object.entries<Query>(queries).map(([name, query]) => [
    name,
    async (...args: never[]): Promise<unknown> => {
      try {
        return await query(...args)
      } catch (error) {
        throw toCatalogError(error)
      }
    },
  ])
  return Object.fromEntries(entries) as T
}
