import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import Database from 'libsql'
import { CliError } from '../../cli/cli-error.ts'

export interface DatabaseCopy {
  from: string
  to: string
}

/** Patience with other writers before a backup gives up, in ms; a write of ours takes a few. */
const LOCK_TIMEOUT_MS = 10_000

/**
 * SQLite's online backup (https://sqlite.org/backup.html): the source stays in use, and the copy is what it was at one moment.
 * Node's own driver has no way to it, and Temporal's tables can't be copied by VACUUM INTO: their definitions quote texts as
 * names, which only some builds of SQLite accept. Python, which yt-dlp needs anyway, brings both.
 */
const COPY = `
import sqlite3, sys
for source, target in zip(sys.argv[1::2], sys.argv[2::2]):
    original, copied = sqlite3.connect(source, timeout=10), sqlite3.connect(target)
    original.backup(copied, pages=-1)
    original.close()
    copied.execute('PRAGMA journal_mode = DELETE')
    copied.close()
`
const CHECK = `
import sqlite3, sys
for path in sys.argv[1:]:
    found = sqlite3.connect(path).execute('PRAGMA integrity_check').fetchone()[0]
    if found != 'ok':
        sys.exit(f'{path}: {found}')
`

/** Copies databases that are in use. @throws CliError where one can't be read. */
export const copyDatabases = (python: string, copies: readonly DatabaseCopy[]): void =>
  run(
    python,
    COPY,
    copies.flatMap(({ from, to }) => [from, to]),
  )

/** @throws CliError where one is damaged. */
export const checkDatabases = (python: string, paths: readonly string[]): void => run(python, CHECK, paths)

const run = (python: string, program: string, argv: readonly string[]): void => {
  const { status, stderr, error } = spawnSync(python, ['-c', program, ...argv], { encoding: 'utf8' })
  if (status !== 0) throw new CliError(`A database could not be copied: ${error?.message ?? stderr.trim()}`)
}

/**
 * Does `work` while nobody can write to the catalog. What Temporal records of a job meanwhile is then at most one step ahead of
 * the catalog, as after a crash: no workflow ends without having told the catalog, and no media are published.
 */
export const whileNobodyWrites = (catalog: string, work: () => void): void => {
  if (!existsSync(catalog)) throw new CliError(`There is no catalog at ${catalog}.`)
  const database = new Database(catalog, { timeout: LOCK_TIMEOUT_MS })
  try {
    database.exec('BEGIN IMMEDIATE')
    work()
    database.exec('ROLLBACK')
  } finally {
    database.close()
  }
}
