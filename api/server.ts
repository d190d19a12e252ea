import { mkdir, readFile } from 'node:fs/promises'
import type { Server } from 'node:http'
import { fileURLToPath } from 'node:url'
import { Client } from '@temporalio/client'
import type { Logger } from 'pino'
import { openCatalog } from '../catalog/catalog.ts'
import { ConfigError, parseConfig, type Config } from '../config.ts'
import { createDispatcher, type Dispatcher } from '../dispatch/dispatcher.ts'
import { createInfoRunner } from '../dispatch/run-info.ts'
import { connectTemporal } from '../dispatch/temporal-connection.ts'
import { createLogger, logReady } from '../observability/log.ts'
import { readInstalledTools } from '../scripts/installed-tools.ts'
import { createApi } from './create-api.ts'
import { createTemporalView } from './temporal-view.ts'

const FIRST_PORT = 8080
/** So many instances on one machine are surely a mistake. */
const PORTS_TRIED = 100
/** Whoever stops the API waits 3 s for it. */
const STOP_WITHIN_MS = 2_800

const main = async (): Promise<void> => {
  const config = parseConfig(process.env, readInstalledTools())
  const log = createLogger('api', config.logLevel)
  await mkdir(config.importDir, { recursive: true })
  const catalog = await openCatalog(config)
  // Lazily: jobs are accepted while Temporal is away, and start when it is there.
  const connection = connectTemporal(config.temporal.address ?? `127.0.0.1:${config.temporal.port ?? 7233}`)
  const client = new Client({ connection, namespace: config.temporal.namespace })

  let dispatcher: Dispatcher | null = null
  const api = await createApi({
    config,
    catalog,
    temporal: createTemporalView({ client, connection }),
    log,
    version: await readVersion(),
    webDir: fileURLToPath(new URL('../dist/web', import.meta.url)),
    createDispatch: ({ onChanged, hint }) => {
      const dispatch = createDispatcher({ client: client.workflow, jobs: catalog.jobs, log, onChanged, hint })
      dispatcher = dispatch
      return {
        start: (rows) => dispatch.start(rows),
        carry: (row) => dispatch.carry(row),
        info: createInfoRunner({ client: client.workflow }),
      }
    },
  })
  stopOnSignal(log, async () => {
    await Promise.all([api.close(), dispatcher?.stop()])
    await Promise.all([catalog.close(), connection.close()])
  })
  logReady(log, { port: await listen(api.server, config.http) })
}

/** The port that was set, or the first free one from 8080 on. @throws ConfigError where the one that was set is busy. */
const listen = async (server: Server, { host, port }: Config['http']): Promise<number> => {
  const first = port ?? FIRST_PORT
  for (let tried = first; tried < first + PORTS_TRIED; tried += 1) {
    if (await listenOn(server, { host, port: tried })) {
      const address = server.address()
      return typeof address === 'object' && address ? address.port : tried
    }
    if (port !== null) throw new ConfigError(`Port ${port} is busy, and SLUICE_PORT asks for just this one.`)
  }
  throw new ConfigError(`No port from ${first} to ${first + PORTS_TRIED - 1} is free; set SLUICE_PORT.`)
}

/** False where the port is busy. */
const listenOn = (server: Server, address: { host: string; port: number }): Promise<boolean> =>
  new Promise((resolve, reject) => {
    const onError = (error: NodeJS.ErrnoException) => (error.code === 'EADDRINUSE' ? resolve(false) : reject(error))
    server.once('error', onError)
    server.listen(address, () => {
      server.off('error', onError)
      resolve(true)
    })
  })

const stopOnSignal = (log: Logger, stop: () => Promise<void>): void => {
  const stopOnce = () => {
    log.info('stopping')
    setTimeout(() => {
      log.warn('stopped without waiting any longer')
      process.exit(0)
    }, STOP_WITHIN_MS).unref()
    stop().then(
      () => process.exit(0),
      (error: unknown) => {
        log.error({ err: error }, 'stopping failed')
        process.exit(1)
      },
    )
  }
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, stopOnce)
}

const readVersion = async (): Promise<string> => {
  const text = await readFile(new URL('../package.json', import.meta.url), 'utf8')
  return (JSON.parse(text) as { version: string }).version
}

main().catch((error: unknown) => {
  // Written whole before the exit, which a logger's buffer would not survive.
  const message = error instanceof ConfigError ? error.message : error instanceof Error ? error.stack : String(error)
  process.stderr.write(`${message}\n`, () => process.exit(1))
})
