import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { StartError } from './start-error.ts'

const HOST = '127.0.0.1'

/** The version of the server within the Temporal CLI: `1.32.0`. @throws StartError where the program does not run. */
export const temporalVersion = (program: string): string => {
  const { status, stdout, error } = spawnSync(program, ['--version'], { encoding: 'utf8' })
  const version = /Server ([\w.-]+)/.exec(stdout ?? '')?.[1]
  if (status === 0 && version) return version
  const why = error ? error.message : `it says: ${(stdout ?? '').trim() || 'nothing'}`
  throw new StartError(
    `The Temporal CLI ${program} does not run (${why}). Run \`npm run setup\`, or correct SLUICE_TEMPORAL.`,
  )
}

/**
 * Makes the folder of the embedded server's database. A server of another version must not open an older one's file: its tables
 * are made for one version and never changed. Such a file is set aside; the catalog knows every job that has not ended, and
 * starts it again, where finished steps find their results.
 * @returns What was done, for people; null where the file fits.
 */
export const claimDatabase = (folder: string, version: string): string | null => {
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const database = join(folder, 'temporal.db')
  const versionFile = join(folder, 'server-version')
  const before = existsSync(versionFile) ? readFileSync(versionFile, 'utf8').trim() : 'unknown'
  const fits = before === version || !existsSync(database)
  const aside = join(folder, `temporal-${before}-${new Date().toISOString().replaceAll(/[:.]/g, '')}.db`)
  if (!fits) {
    for (const suffix of ['', '-wal', '-shm'].filter((end) => existsSync(database + end))) {
      renameSync(database + suffix, aside + suffix)
    }
  }
  writeFileSync(versionFile, `${version}\n`)
  if (fits) return null
  return `Temporal changed from ${before} to ${version}: its old database is now ${aside}, and unfinished jobs start again.`
}

export interface TemporalServerOptions {
  folder: string
  port: number
  uiPort: number
  namespace: string
}

/** Arguments of the embedded server. Figures: docs/architecture.md. */
export const temporalServerArgs = ({ folder, port, uiPort, namespace }: TemporalServerOptions): string[] =>
  [
    ['server', 'start-dev', '--ip', HOST, '--port', String(port), '--ui-ip', HOST, '--ui-port', String(uiPort)],
    ['--namespace', namespace, '--log-level', 'warn', '--log-format', 'json'],
    ['--db-filename', join(folder, 'temporal.db')],
    // Starts five times faster than with the default journal; in WAL mode a killed process loses nothing either way.
    ['--sqlite-pragma', 'journal_mode=wal', '--sqlite-pragma', 'synchronous=normal'],
    // Steps on another queue begin after 24 ms instead of 100.
    ['--dynamic-config-value', 'history.transferProcessorMaxPollRPS=100'],
    // Off by default; and fairness is only approximate across partitions.
    ['--dynamic-config-value', 'matching.enableFairness=true'],
    ['--dynamic-config-value', 'matching.numTaskqueueReadPartitions=1'],
    ['--dynamic-config-value', 'matching.numTaskqueueWritePartitions=1'],
  ].flat()
