import { join } from 'node:path'
import Database from 'libsql'
import { makeDataDirectory, unusableDataDirectory } from './data-directory.ts'

const LOCK_TROUBLE = new Error("its file instance.lock can't be opened or locked")

export interface InstanceLock {
  release(): void
}

/**
 * Holds the data directory for one instance. The lock is the operating system's own, on a file, held by SQLite: it goes with
 * the process however that ends, and never outlives it as a file with a process id in it would.
 * @returns null where another process holds it.
 * @throws StartError where the directory can't be used.
 */
export const lockInstance = (dataDir: string): InstanceLock | null => {
  makeDataDirectory(dataDir)
  const database = openDatabase(dataDir)
  try {
    // Nothing is ever written, so there is nothing that a journal could roll back.
    database.exec('PRAGMA journal_mode = MEMORY')
    database.exec('BEGIN EXCLUSIVE')
  } catch (error) {
    database.close()
    if (error instanceof Error && 'code' in error && error.code === 'SQLITE_BUSY') return null
    throw unusableDataDirectory(dataDir, LOCK_TROUBLE)
  }
  return { release: () => database.close() }
}

const openDatabase = (dataDir: string): Database.Database => {
  try {
    return new Database(join(dataDir, 'instance.lock'), { timeout: 0 })
  } catch {
    // SQLite says a number and no more.
    throw unusableDataDirectory(dataDir, LOCK_TROUBLE)
  }
}
