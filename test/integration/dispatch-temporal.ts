import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Client, type Connection } from '@temporalio/client'
import { connectTemporal } from '../../dispatch/temporal-connection.ts'
import { readInstalledTools } from '../../scripts/installed-tools.ts'
import { reachTemporal } from '../../scripts/reach-temporal.ts'
import { temporalServerArgs } from '../../scripts/temporal-server.ts'
import { freePort } from './free-port.ts'

/** A Temporal server of the test's own, which can go away and come back with what it knew. */
export interface TestTemporal {
  address: string
  connection: Connection
  client: Client
  start(): Promise<void>
  /** As a crash would end it. */
  kill(): Promise<void>
  /** Ends it for good and removes its files. */
  dispose(): Promise<void>
}

const NAMESPACE = 'default'

export const createTestTemporal = async (): Promise<TestTemporal> => {
  const folder = await mkdtemp(join(tmpdir(), 'sluice-temporal-'))
  const port = await freePort()
  const uiPort = await freePort()
  const address = `127.0.0.1:${port}`
  const connection = connectTemporal(address)
  let server: ChildProcess | null = null

  const kill = async (): Promise<void> => {
    if (!server) return
    const ended = once(server, 'exit')
    server.kill('SIGKILL')
    await ended
    server = null
  }
  const killNow = (): void => void server?.kill('SIGKILL')
  process.once('exit', killNow)

  return {
    address,
    connection,
    client: new Client({ connection, namespace: NAMESPACE }),
    start: async () => {
      const program = readInstalledTools().temporal ?? 'temporal'
      const args = temporalServerArgs({ folder, port, uiPort, namespace: NAMESPACE })
      server = spawn(program, args, { stdio: 'ignore' })
      await reachTemporal({ address, namespace: NAMESPACE, signal: AbortSignal.timeout(60_000) })
    },
    kill,
    dispose: async () => {
      process.removeListener('exit', killNow)
      await connection.close()
      await kill()
      await rm(folder, { recursive: true, force: true })
    },
  }
}
