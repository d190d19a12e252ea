import { existsSync } from 'node:fs'
import { mkdir, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { createCatalogAudit } from '../../catalog/audit.ts'
import { connectDatabase } from '../../catalog/connect.ts'
import { createMediaQueries } from '../../catalog/media-queries.ts'
import type { MediaWithFiles } from '../../catalog/media.ts'
import { CliError } from '../../cli/cli-error.ts'
import type { Config } from '../../config.ts'
import { writeBackupFile, type BackupFile } from './backup-file.ts'
import { copyLeases } from './leases.ts'
import { copyFolder, placeFile } from './copy-files.ts'
import { whileNobodyWritesMysql } from './mysql-lock.ts'
import { dumpMysql } from './mysql-programs.ts'
import { checkDatabases, copyDatabases, whileNobodyWrites } from './snapshot-databases.ts'

export interface BackupOptions {
  config: Config
  /** Absolute; made here, or empty. */
  dir: string
  /** Library files as other names of the same bytes, where the file system can; else copies. */
  wantsLinks: boolean
  python: string
  say: (line: string) => void
}

/** Copies everything that cannot be made again, while an instance may run. @throws CliError where it can't. */
export const makeBackup = async (options: BackupOptions): Promise<BackupFile> => {
  const { config, dir } = options
  if (existsSync(dir) && (await readdir(dir)).length > 0) throw new CliError(`${dir} is not empty.`)
  await mkdir(dir, { recursive: true, mode: 0o700 })
  const createdAt = new Date().toISOString()
  const { temporal, listed } = await copyCatalogAndTemporal(options)
  const keys = join(config.dataDir, 'keys')
  if (existsSync(keys)) await copyFolder(keys, join(dir, 'keys'))
  const files = await copyLibrary(options, listed)
  const database = config.database.url === null ? 'sqlite' : 'mysql'
  const backup: BackupFile = { format: 1, createdAt, database, temporal, ...files }
  writeBackupFile(dir, backup)
  return backup
}

interface Copied {
  /** Whether there was an embedded Temporal to copy. */
  temporal: boolean
  /** Media of the copied catalog, where it cannot be asked itself. */
  listed: ReadonlySet<string> | null
}

const copyCatalogAndTemporal = async ({ config, dir, python, say }: BackupOptions): Promise<Copied> => {
  const folder = join(config.dataDir, 'temporal')
  const from = join(folder, 'temporal.db')
  const temporal = config.temporal.address === null && existsSync(from)
  const copies = temporal ? [{ from, to: join(dir, 'temporal/temporal.db') }] : []
  if (temporal) {
    await copyFolder(folder, join(dir, 'temporal'), (name) => name === 'server-version')
    await copyLeases(config.dataDir, dir)
  } else say('Temporal runs elsewhere: back it up there. Without it jobs that had not ended start again.')
  const { url } = config.database
  let listed: Set<string> | null = null
  if (url === null) {
    const catalog = join(config.dataDir, 'catalog.db')
    whileNobodyWrites(catalog, () => copyDatabases(python, [...copies, { from: catalog, to: join(dir, 'catalog.db') }]))
  } else {
    listed = await whileNobodyWritesMysql(url, () => {
      copyDatabases(python, copies)
      dumpMysql(url, join(dir, 'catalog.sql'))
    })
  }
  // Once more, for what was begun in between: Temporal's copy is of one moment, and there is no harm in a lease too many.
  if (temporal) await copyLeases(config.dataDir, dir)
  const paths = copies.map(({ to }) => to)
  checkDatabases(python, paths)
  return { temporal, listed }
}

type Files = Pick<BackupFile, 'media' | 'files' | 'bytes' | 'linked' | 'deleted'>

/**
 * What the copied catalog lists: what is published from now on belongs to the next backup.
 * @param listed its media; null: the copy is asked.
 */
export const copyLibrary = async (options: BackupOptions, listed: ReadonlySet<string> | null): Promise<Files> => {
  const { config, dir, say } = options
  const live = await connectDatabase(config)
  const copied = listed === null ? await connectDatabase({ ...config, dataDir: dir }) : live
  try {
    const files: Files = { media: 0, files: 0, bytes: 0, linked: 0, deleted: [] }
    const unseen = new Set(listed)
    for await (const page of createCatalogAudit(copied).mediaPages()) {
      for (const media of page) {
        if (listed !== null && !unseen.delete(media.id)) continue
        const missing = await copyMedia(options, media, files)
        if (missing === 0) continue
        if ((await createMediaQueries(live).get(media.id)) === null) files.deleted.push(media.id)
        else say(`“${media.title}” lacks ${missing} of its files in the library already: npm run verify says which.`)
      }
    }
    files.deleted.push(...unseen)
    return files
  } finally {
    await live.destroy()
    if (copied !== live) await copied.destroy()
  }
}

/** @returns how many files are not there. */
const copyMedia = async (
  { config, dir, wantsLinks }: BackupOptions,
  media: MediaWithFiles,
  total: Files,
): Promise<number> => {
  let missing = 0
  total.media += 1
  for (const { libraryPath, sizeBytes } of media.files) {
    const parts = libraryPath.split('/')
    const placed = await placeFile(join(config.libraryDir, ...parts), join(dir, 'library', ...parts), wantsLinks)
    if (placed === 'missing') {
      missing += 1
      continue
    }
    total.files += 1
    total.bytes += sizeBytes
    if (placed === 'linked') total.linked += 1
  }
  return missing
}
