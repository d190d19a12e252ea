import { spawnSync } from 'node:child_process'
import { closeSync, openSync } from 'node:fs'
import { CliError } from '../../cli/cli-error.ts'
import { isProgram } from '../is-program.ts'

/** Both families have both names, as long as theirs. */
const DUMP = ['mysqldump', 'mariadb-dump']
const CLIENT = ['mysql', 'mariadb']

/** Writes the catalog's database as SQL, as it was at one moment, while it is in use. @throws CliError */
export const dumpMysql = (url: string, file: string): void => {
  const { argv, env, database } = connectionOf(url)
  const out = openSync(file, 'w', 0o600)
  try {
    // One transaction sees one state of all tables; no right to look at tablespaces is needed.
    const options = ['--single-transaction', '--no-tablespaces', '--default-character-set=utf8mb4']
    run(DUMP, [...argv, ...options, database], env, ['ignore', out, 'pipe'])
  } finally {
    closeSync(out)
  }
}

/** Reads what {@link dumpMysql} wrote into an empty database. @throws CliError */
export const loadMysql = (url: string, file: string): void => {
  const { argv, env, database } = connectionOf(url)
  const input = openSync(file, 'r')
  try {
    run(CLIENT, [...argv, '--default-character-set=utf8mb4', database], env, [input, 'ignore', 'pipe'])
  } finally {
    closeSync(input)
  }
}

const connectionOf = (url: string) => {
  const { hostname, port, username, password, pathname } = new URL(url)
  return {
    argv: [
      `--host=${hostname}`,
      `--port=${port === '' ? '3306' : port}`,
      '--protocol=TCP',
      `--user=${decodeURIComponent(username)}`,
    ],
    // On the command line every user of the machine could read it.
    env: { MYSQL_PWD: decodeURIComponent(password) },
    database: decodeURIComponent(pathname.slice(1)),
  }
}

type Stdio = ('ignore' | 'pipe' | number)[]

const run = (names: string[], argv: string[], secrets: NodeJS.ProcessEnv, stdio: Stdio): void => {
  const searchPath = process.env['PATH'] ?? ''
  const program = names.find((name) => isProgram(name, searchPath))
  if (program === undefined) throw new CliError(`None of ${names.join(', ')} is installed; it comes with the database.`)
  const { status, stderr, error } = spawnSync(program, argv, { stdio, env: { ...process.env, ...secrets } })
  if (status !== 0) throw new CliError(`${program} failed: ${error?.message ?? stderr.toString().trim()}`)
}
