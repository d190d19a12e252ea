import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'

/** Written last: a folder without it is no backup. */
export const BACKUP_FILE = 'backup.json'

const backupSchema = z.object({
  format: z.literal(1),
  createdAt: z.iso.datetime(),
  /** Of the catalog. */
  database: z.enum(['sqlite', 'mysql']),
  /** Whether the database of the embedded Temporal is in it. */
  temporal: z.boolean(),
  media: z.int(),
  files: z.int(),
  bytes: z.int(),
  /** Files that share their bytes with the library. */
  linked: z.int(),
  /** Media that somebody deleted while the backup was made: in the copied catalog, and without files. */
  deleted: z.array(z.string()),
})
export type BackupFile = z.infer<typeof backupSchema>

export const writeBackupFile = (dir: string, backup: BackupFile): void =>
  writeFileSync(join(dir, BACKUP_FILE), `${JSON.stringify(backup, null, 2)}\n`)

/** Null where the folder holds no whole backup of this format. */
export const readBackupFile = (dir: string): BackupFile | null => {
  try {
    return backupSchema.parse(JSON.parse(readFileSync(join(dir, BACKUP_FILE), 'utf8')))
  } catch {
    // Missing, cut off, or of a format that is not known here: nothing to restore from.
    return null
  }
}
