import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir, userInfo } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { promisify } from 'node:util'
import { createConnection } from 'mysql2/promise'
import { readInstalledTools } from '../../scripts/installed-tools.ts'
import { freePort } from './free-port.ts'

/** A MariaDB of its own in a temporary folder, on a free loopback port. */
export interface MariaDb {
  port: number
  /** Makes an empty database. @returns its `mysql://` address. */
  createDatabase(name: string): Promise<string>
  stop(): Promise<void>
}

const run = promisify(execFile)

/** Debian keeps the server in sbin, which is not on everybody's PATH. */
const findProgram = (...names: string[]): string => {
  const installed = readInstalledTools().mariadbd
  const folders = [
    ...(installed === undefined ? [] : [dirname(installed)]),
    ...(process.env['PATH'] ?? '').split(delimiter),
    '/usr/sbin',
  ]
  const found = names.flatMap((name) => folders.map((folder) => join(folder, name))).find((path) => existsSync(path))
  if (found === undefined) throw new Error(`These tests need ${names[0]}: apt-get install mariadb-server`)
  return found
}

/** Starts it; takes some 3 s. Stop it, or the test run does not end. */
export const startMariaDb = async (): Promise<MariaDb> => {
  const dir = await mkdtemp(join(tmpdir(), 'sluice-mariadb-'))
  const user = userInfo().username
  const dataDir = join(dir, 'data')
  await run(findProgram('mariadb-install-db', 'mysql_install_db'), [
    '--no-defaults',
    `--datadir=${dataDir}`,
    `--user=${user}`,
    '--auth-root-authentication-method=normal',
    '--skip-test-db',
  ])
  const port = await freePort()
  const server = spawn(
    findProgram('mariadbd', 'mysqld'),
    [
      '--no-defaults',
      `--datadir=${dataDir}`,
      `--user=${user}`,
      `--socket=${join(dir, 'socket')}`,
      `--pid-file=${join(dir, 'pid')}`,
      `--port=${port}`,
      '--bind-address=127.0.0.1',
      '--innodb-buffer-pool-size=32M',
      '--innodb-log-file-size=16M',
      // What tests write need not survive a power cut.
      '--innodb-flush-log-at-trx-commit=0',
      '--innodb-doublewrite=0',
      '--skip-name-resolve',
    ],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  )
  let lastWords = ''
  server.stderr.setEncoding('utf8').on('data', (text: string) => {
    lastWords = (lastWords + text).slice(-2_000)
  })
  // The tests may be killed: the server must not outlive them.
  const killServer = (): void => void server.kill('SIGKILL')
  process.once('exit', killServer)
  const stop = async (): Promise<void> => {
    process.removeListener('exit', killServer)
    if (server.exitCode === null && server.signalCode === null) {
      server.kill('SIGTERM')
      await once(server, 'exit')
    }
    await rm(dir, { recursive: true, force: true })
  }
  const connect = () => createConnection({ host: '127.0.0.1', port, user: 'root' })
  const deadline = Date.now() + 60_000
  for (;;) {
    if (server.exitCode !== null) throw new Error(`MariaDB ended at once:\n${lastWords}`)
    try {
      const connection = await connect()
      await connection.end()
      break
    } catch (error) {
      if (Date.now() > deadline) {
        await stop()
        throw new Error(`MariaDB does not answer:\n${lastWords}`, { cause: error })
      }
      await delay(50)
    }
  }
  return {
    port,
    createDatabase: async (name) => {
      const connection = await connect()
      await connection.query(`create database ${name}`)
      await connection.end()
      return `mysql://root@127.0.0.1:${port}/${name}`
    },
    stop,
  }
}
