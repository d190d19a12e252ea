import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import Database from 'libsql'

export interface InstanceLock {
  release(): void
}

/**
 * Holds the data directory for one instance. The lock is the operating system's own, on a file, held by SQLite: it goes with
 * the process however that ends, and never outlives it as a file with a process id in it would.
 * @returns null where another process holds it.
 */
export const lockInstance = (dataDir: string): InstanceLock | null => {
  mkdirSync(dataDir, { recursive: true, mode: 0o700 })
  const database = new Database(join(dataDir, 'instance.lock'), { timeout: 0 })
  try {
    // Nothing is ever written, so there is nothing that a journal could roll back.
    database.exec('PRAGMA journal_mode = MEMORY')
    database.exec('BEGIN EXCLUSIVE')
  } catch (error) {
    database.close()
    if (error instanceof Error && 'code' in error && error.code === 'SQLITE_BUSY') return null
    throw error
  }
  return { release: () => database.close() }
}
