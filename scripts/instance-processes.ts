import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Config } from '../config.ts'
import type { Instance } from '../contract/instance.ts'
import { reachableAt, type InstancePorts } from './instance-ports.ts'
import type { SupervisedSpec } from './supervise.ts'
import { temporalServerArgs } from './temporal-server.ts'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
/** Requests in flight are short; downloads of files resume. */
const API_GRACE_MS = 5_000
/** `shutdownForceTime` of the worker is 15 s. */
const WORKER_GRACE_MS = 17_000
const TEMPORAL_GRACE_MS = 10_000
/** Takes 1 s on a fresh database; a large one on a slow disk longer. */
const READY_WITHIN_MS = 60_000

export interface InstanceFacts {
  config: Config
  env: NodeJS.ProcessEnv
  ports: InstancePorts
  addresses: Pick<Instance, 'url' | 'temporalAddress' | 'temporalUiUrl'>
}

export const temporalFolder = (config: Config): string => join(config.dataDir, 'temporal')
const logPath = (config: Config, name: string): string => join(config.dataDir, 'logs', `${name}.log`)

/** The embedded Temporal server; null where another one is used. Ready means prepared, too. */
export const temporalProcess = ({ config, env, ports, addresses }: InstanceFacts): SupervisedSpec | null => {
  if (ports.temporal === null) return null
  const { namespace } = config.temporal
  const folder = temporalFolder(config)
  return {
    name: 'temporal',
    title: 'Temporal',
    command: config.tools.temporal,
    args: temporalServerArgs({ folder, port: ports.temporal.server, uiPort: ports.temporal.ui, namespace }),
    cwd: ROOT,
    env,
    logPath: logPath(config, 'temporal'),
    // It warns of much that is of no consequence on one machine.
    showsWarnings: false,
    whenUp: async (signal) => {
      // The SDK takes a second to load, in which the server starts.
      const { reachTemporal } = await import('./reach-temporal.ts')
      await reachTemporal({ address: addresses.temporalAddress, namespace, signal })
    },
    readyWithinMs: READY_WITHIN_MS,
    stopGraceMs: TEMPORAL_GRACE_MS,
  }
}

const nodeProcess = ({ config, env, ports, addresses }: InstanceFacts, name: string, file: string) => ({
  name,
  command: process.execPath,
  args: ['--enable-source-maps', join(ROOT, file)],
  cwd: ROOT,
  env: {
    NODE_ENV: 'production',
    // glibc keeps an arena of free memory for each of two dozen threads: 30 MB, which every fork of a program pays for again.
    MALLOC_ARENA_MAX: '2',
    ...env,
    // As they are resolved here: the children run in the project's folder, whatever the caller's was.
    SLUICE_DATA: config.dataDir,
    SLUICE_LIBRARY: config.libraryDir,
    SLUICE_IMPORT: config.importDir,
    SLUICE_PORT: String(ports.api),
    SLUICE_BUS_URL: `ws://${reachableAt(config.http.host, ports.api)}/internal/bus`,
    TEMPORAL_ADDRESS: addresses.temporalAddress,
    ...(addresses.temporalUiUrl === null ? {} : { TEMPORAL_UI_URL: addresses.temporalUiUrl }),
  },
  logPath: logPath(config, name),
  showsWarnings: true,
  whenUp: null,
  readyWithinMs: READY_WITHIN_MS,
})

export const workerProcess = (facts: InstanceFacts): SupervisedSpec => ({
  ...nodeProcess(facts, 'worker', 'dist/worker.js'),
  title: 'The worker',
  stopGraceMs: WORKER_GRACE_MS,
  // A cluster that is away keeps it waiting.
  ...(facts.ports.temporal === null ? { readyWithinMs: null } : {}),
})

export const apiProcess = (facts: InstanceFacts): SupervisedSpec => ({
  ...nodeProcess(facts, 'api', 'dist/api.js'),
  title: 'The API',
  stopGraceMs: API_GRACE_MS,
})
