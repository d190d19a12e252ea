import { existsSync } from 'node:fs'
import { chmod, copyFile, mkdir, rename } from 'node:fs/promises'
import { join } from 'node:path'
import { createCatalogAudit } from '../../catalog/audit.ts'
import { connectDatabase } from '../../catalog/connect.ts'
import { createMediaQueries } from '../../catalog/media-queries.ts'
import { CliError } from '../../cli/cli-error.ts'
import type { Config } from '../../config.ts'
import { lockInstance } from '../instance-lock.ts'
import { fileSize, walkLibrary } from '../verify/library-walk.ts'
import { BACKUP_FILE, readBackupFile, type BackupFile } from './backup-file.ts'
import { copyFolder, placeFile } from './copy-files.ts'
import { copyLeases } from './leases.ts'
import { loadMysql } from './mysql-programs.ts'

export interface RestoreOptions {
  config: Config
  /** Absolute; what `makeBackup` made. */
  dir: string
}

/**
 * Makes a data directory of a backup. The catalog comes last: until then nothing starts from what is half there. Files that are
 * in the library already stay as they are.
 * @throws CliError where there is no whole backup, or the data directory is in use or holds a catalog.
 */
export const restoreBackup = async ({ config, dir }: RestoreOptions): Promise<BackupFile> => {
  const backup = readBackupFile(dir)
  if (backup === null) throw new CliError(`${dir} holds no whole backup: ${BACKUP_FILE} is missing or not valid.`)
  const lock = lockInstance(config.dataDir)
  if (lock === null) throw new CliError(`Sluice is running with the data directory ${config.dataDir}.`)
  try {
    await refuseWhatIsThere(config, backup)
    await restoreLibrary(config, dir)
    if (existsSync(join(dir, 'keys'))) await copyFolder(join(dir, 'keys'), join(config.dataDir, 'keys'))
    if (backup.temporal) {
      await copyFolder(join(dir, 'temporal'), join(config.dataDir, 'temporal'))
      await copyLeases(dir, config.dataDir)
    }
    await restoreCatalog(config, dir, backup)
    return backup
  } finally {
    lock.release()
  }
}

const refuseWhatIsThere = async ({ dataDir, database }: Config, backup: BackupFile): Promise<void> => {
  if ((database.url === null) !== (backup.database === 'sqlite')) {
    const wanted = backup.database === 'mysql' ? 'set DATABASE_URL to an empty database' : 'unset DATABASE_URL'
    throw new CliError(`The catalog of this backup was in another kind of database: ${wanted}.`)
  }
  for (const name of ['catalog.db', 'keys', 'temporal/temporal.db']) {
    if (existsSync(join(dataDir, name)))
      throw new CliError(`${join(dataDir, name)} is there: choose another SLUICE_DATA.`)
  }
  if (database.url === null) return
  const knex = await connectDatabase({ dataDir, database })
  try {
    if (await createCatalogAudit(knex).hasTables()) throw new CliError('The database of DATABASE_URL is not empty.')
  } finally {
    await knex.destroy()
  }
}

const restoreLibrary = async ({ libraryDir }: Config, dir: string): Promise<void> => {
  await mkdir(libraryDir, { recursive: true })
  const from = join(dir, 'library')
  for await (const path of walkLibrary(from)) {
    // A library that survived is not written over.
    if ((await fileSize(join(libraryDir, path))) === null)
      await placeFile(join(from, path), join(libraryDir, path), false)
  }
}

const restoreCatalog = async (config: Config, dir: string, backup: BackupFile): Promise<void> => {
  const { url } = config.database
  if (url !== null) loadMysql(url, join(dir, 'catalog.sql'))
  else {
    const draft = join(config.dataDir, 'catalog.db.restored')
    await copyFile(join(dir, 'catalog.db'), draft)
    await chmod(draft, 0o600)
    await rename(draft, join(config.dataDir, 'catalog.db'))
  }
  const knex = await connectDatabase(config)
  try {
    const media = createMediaQueries(knex)
    for (const id of backup.deleted) {
      await media.remove(id)
      await media.markRemoved(id)
    }
    // Of jobs that were about to publish. What they made is in no backup, and what they make now gets a name of its own.
    for (const { mediaId } of await createCatalogAudit(knex).pathsWithoutMedia())
      await media.releaseLibraryPath(mediaId)
  } finally {
    await knex.destroy()
  }
}
