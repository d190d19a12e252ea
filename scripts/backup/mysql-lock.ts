import { createConnection, type Connection, type RowDataPacket } from 'mysql2/promise'
import { CliError } from '../../cli/cli-error.ts'

/** Patience with writers that have begun, in seconds; a write of ours takes milliseconds. */
const LOCK_TIMEOUT_S = 10

/**
 * Does `work` while nobody can write to the catalog, as the SQLite one is copied: were Temporal's copy older, a job that ended in
 * between would be done once more and leave what it had published without a row. Who writes waits, and is not refused.
 * @returns the ids of the media there are at this moment.
 * @throws CliError where there is no catalog, or no right to lock it (LOCK TABLES).
 */
export const whileNobodyWritesMysql = async (url: string, work: () => void | Promise<void>): Promise<Set<string>> => {
  const connection = await createConnection(url)
  try {
    await lockTables(connection)
    await work()
    const [media] = await connection.query<RowDataPacket[]>('SELECT id FROM media')
    return new Set(media.map(({ id }) => String(id)))
  } finally {
    // That unlocks.
    await connection.end()
  }
}

const lockTables = async (connection: Connection): Promise<void> => {
  await connection.query(`SET SESSION lock_wait_timeout = ${LOCK_TIMEOUT_S}`)
  const [rows] = await connection.query<RowDataPacket[]>('SHOW TABLES')
  const tables = rows.flatMap((row) => Object.values(row).map(String))
  if (!tables.includes('media')) throw new CliError('There is no catalog in the database of DATABASE_URL.')
  try {
    await connection.query(`LOCK TABLES ${tables.map((name) => `${connection.escapeId(name)} READ`).join(', ')}`)
  } catch (error) {
    throw new CliError(`The catalog cannot be locked for a moment: ${(error as Error).message}`)
  }
}
