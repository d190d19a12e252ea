import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Config } from '../config.ts'
import { OWNER_TOKEN_FILE } from '../contract/instance.ts'
import { endLeftovers, readInstance } from './instance-file.ts'
import { lockInstance } from './instance-lock.ts'
import { createInstanceRecord, type InstanceRecord } from './instance-record.ts'
import { findInstancePorts, instanceAddresses } from './instance-ports.ts'
import { apiProcess, temporalFolder, temporalProcess, workerProcess } from './instance-processes.ts'
import { StartError } from './start-error.ts'
import { supervise, type SupervisedProcess, type SupervisedSpec } from './supervise.ts'
import { claimDatabase, temporalVersion } from './temporal-server.ts'

export interface RunningInstance {
  url: string
  /** The owner's. */
  token: string
  temporalAddress: string
  temporalUiUrl: string | null
  /**
   * Resolves when jobs are not only accepted but taken up: later than all else where Temporal runs elsewhere and is away.
   * @throws StartError where the worker never starts.
   */
  ready: Promise<void>
  /** Stops all, in order; returns when nothing is left. */
  stop(): Promise<void>
  /** Ends all at once. */
  kill(): void
}

export interface InstanceOptions {
  config: Config
  env: NodeJS.ProcessEnv
  say: (line: string) => void
  /** Stops the start half-way. */
  signal: AbortSignal
  /** Called as soon as there may be something to end, and before all is ready. */
  onStarted?: (instance: Pick<RunningInstance, 'kill'>) => void
}

/** Another instance has the data directory. */
export class InstanceRunningError extends StartError {}

/**
 * Locks the data directory, starts Temporal, API and worker, and keeps them running.
 * @throws InstanceRunningError where another instance has the directory; StartError where something does not start; the reason of
 * `signal`. Nothing is left running then.
 */
export const startInstance = async (options: InstanceOptions): Promise<RunningInstance> => {
  const { dataDir } = options.config
  const lock = lockInstance(dataDir)
  if (!lock) {
    const other = readInstance(dataDir)
    const where = other ? ` at ${other.url}` : ''
    throw new InstanceRunningError(`Sluice is already running${where} with the data directory ${dataDir}.`)
  }
  const processes: SupervisedProcess[] = []
  const record = createInstanceRecord({ dataDir, say: options.say, processes })
  const background = new AbortController()
  const stop = async () => {
    background.abort()
    // API first: no new work; Temporal last: the worker hands its tasks back to it.
    for (const supervised of processes.toReversed()) await supervised.stop()
    record.remove()
    lock.release()
  }
  const kill = () => processes.forEach((supervised) => supervised.kill())
  options.onStarted?.({ kill })
  try {
    return { ...(await startAll({ ...options, processes, record, background: background.signal })), stop, kill }
  } catch (error) {
    await stop()
    throw error
  }
}

interface StartAll extends InstanceOptions {
  /** In the order of starting; filled here. */
  processes: SupervisedProcess[]
  record: InstanceRecord
  background: AbortSignal
}

const startAll = async ({ config, env, say, signal, processes, record, background }: StartAll) => {
  const ended = await endLeftovers(config.dataDir)
  if (ended.length > 0) say(`Ended what an earlier run left: ${ended.join(', ')}`)
  const ports = await findInstancePorts(config)
  const addresses = instanceAddresses(config, ports)
  const facts = { config, env, ports, addresses }

  const { libraryDir, importDir } = config
  record.begin({ pid: process.pid, startedAt: new Date().toISOString(), ...addresses, libraryDir, importDir })
  const start = (spec: SupervisedSpec): Promise<void> => {
    const supervised = supervise({ spec, say, onChange: () => queueMicrotask(record.update) })
    processes.push(supervised)
    return supervised.ready
  }
  const stopped = aborted(signal)
  signal.throwIfAborted()

  const temporal = temporalProcess(facts)
  if (temporal) {
    const note = claimDatabase(temporalFolder(config), temporalVersion(config.tools.temporal))
    if (note) say(note)
    await Promise.race([start(temporal), stopped])
  } else {
    void prepareElsewhere({ address: addresses.temporalAddress, config, say, signal: background })
  }
  const workerReady = start(workerProcess(facts))
  const apiReady = start(apiProcess(facts))
  // Jobs are accepted while a cluster is away, so the worker may come later then.
  const enough = temporal
    ? Promise.all([apiReady, workerReady])
    : Promise.race([apiReady, workerReady.then(() => apiReady)])
  await Promise.race([enough, stopped])
  const token = readFileSync(join(config.dataDir, OWNER_TOKEN_FILE), 'utf8').trim()
  return { ...addresses, token, ready: workerReady }
}

interface Elsewhere {
  address: string
  config: Config
  say: (line: string) => void
  signal: AbortSignal
}

/** A Temporal server that is not ours: it may be away now, and may allow less. */
const prepareElsewhere = async ({ address, config, say, signal }: Elsewhere): Promise<void> => {
  try {
    const { reachTemporal } = await import('./reach-temporal.ts')
    const commands = await reachTemporal({ address, namespace: config.temporal.namespace, signal })
    if (commands.length > 0) {
      say(`Somebody with the right to has to prepare Temporal, once, by:\n  ${commands.join('\n  ')}`)
    }
  } catch (error) {
    if (!signal.aborted) say(`Temporal at ${address} could not be prepared: ${String(error)}`)
  }
}

const aborted = (signal: AbortSignal): Promise<never> => {
  const rejected = new Promise<never>((_, reject) => {
    const fail = () => reject(signal.reason as Error)
    if (signal.aborted) fail()
    else signal.addEventListener('abort', fail, { once: true })
  })
  // A stop that comes after the start concerns nobody here.
  rejected.catch(() => undefined)
  return rejected
}
