import { readFile } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { Client } from '@temporalio/client'
import { DefaultLogger, NativeConnection, Runtime, Worker, type WorkerOptions } from '@temporalio/worker'
import type { Logger } from 'pino'
import {
  createControlActivities,
  createDownloadActivities,
  createImageActivities,
  createMediaActivities,
} from './activities/index.ts'
import type { StepDeps } from './activities/step.ts'
import { openCatalog } from './catalog/catalog.ts'
import { startHousekeeping } from './catalog/housekeeping.ts'
import { ConfigError, parseConfig, type Config } from './config.ts'
import { SIGNALS, TASK_QUEUES, type WorkerRole } from './contract/names.ts'
import { giveBackAttempt, giveBackUnnoted } from './dispatch/lost-attempts.ts'
import { createReconciler } from './dispatch/reconcile.ts'
import { createRunWatcher } from './dispatch/watch-runs.ts'
import { createLogger, logReady } from './observability/log.ts'
import { createStepMetrics } from './observability/metrics.ts'
import { serveMetrics } from './observability/metrics-server.ts'
import { createRegistry } from './observability/process-metrics.ts'
import { createLoopbackLink } from './progress/loopback-link.ts'
import { readInstalledTools } from './scripts/installed-tools.ts'
import { createLibrary } from './storage/library.ts'
import { identityOf, isDead, processOf, thisProcess } from './storage/lease.ts'
import { createLocalWorkStore, sweepScratch } from './storage/local-work-store.ts'
import { createBallast } from './storage/ballast.ts'
import { startRoomKeeper } from './storage/room-keeper.ts'
import { createRoom, type Room } from './storage/room.ts'
import { createEgress } from './tools/egress-guard.ts'
import { readToolVersions } from './tools/tool-versions.ts'

const CONNECT_RETRY_MS = 500

/** A worker by itself waits for Temporal for as long as it takes. */
const connect = async (config: Config, log: Logger, stopping: AbortSignal): Promise<NativeConnection> => {
  const address = config.temporal.address ?? '127.0.0.1:7233'
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await NativeConnection.connect({ address })
    } catch (error) {
      stopping.throwIfAborted()
      if (attempt % 20 === 1) log.warn({ address, err: error }, 'Temporal does not answer; trying again')
      await sleep(CONNECT_RETRY_MS, undefined, { signal: stopping })
    }
  }
}

interface GivingBack {
  client: Client
  config: Config
  log: Logger
}

/** Removes the scratch folders of dead workers, whose work is given back. */
const sweepAbandoned = async ({ client, config, log }: GivingBack): Promise<void> => {
  await sweepScratch(config.dataDir, async ({ taskToken, jobId, step }) => {
    if (taskToken !== null) await giveBackAttempt({ client, log }, { taskToken, jobId, step })
  })
}

/** Gives what dead predecessors had taken back to Temporal: first what their scratch folders name, then what they had only just taken. */
const giveBackLost = async (deps: GivingBack, stopping: AbortSignal): Promise<void> => {
  await sweepAbandoned(deps)
  const { client, log } = deps
  const isDeadWorker = async (identity: string): Promise<boolean> => {
    const named = processOf(identity)
    return named !== null && isDead(named)
  }
  // Beside the work: there may be thousands of workflows to ask about. What it does not get to comes back after 60 s.
  giveBackUnnoted({ client, isDead: isDeadWorker, log, signal: stopping }).catch((error: unknown) =>
    log.warn({ err: error }, 'cannot look for what dead workers had just taken'),
  )
}

/** For jobs that wait for room; the worker with the catalog does it for all. */
const keepRoom = (
  { client, config, room, log }: GivingBack & { room: Room },
  clearAway: () => Promise<void>,
): { stop(): Promise<void> } =>
  startRoomKeeper({
    room,
    ballast: createBallast(config.dataDir),
    clearAway,
    log,
    tell: async ({ workflowId }) => {
      if (workflowId !== null) await client.workflow.getHandle(workflowId).signal(SIGNALS.room)
    },
  })

/** Slots and heartbeats; a graceful stop hands activities back after 5 s, and gives up on what ignores that after 15 s. */
const commonOptions = (config: Config, connection: NativeConnection, identity: string) =>
  ({
    connection,
    identity,
    namespace: config.temporal.namespace,
    shutdownGraceTime: '5s',
    shutdownForceTime: '15s',
    // 100 activities at one heartbeat a second cost the server a third of a core.
    maxHeartbeatThrottleInterval: Math.max(
      1_000,
      (config.worker.mediaSlots + config.worker.downloadSlots + config.worker.imageSlots) * 20,
    ),
  }) satisfies Partial<WorkerOptions>

const main = async (stopping: AbortController): Promise<void> => {
  const config = parseConfig(process.env, readInstalledTools())
  const log = createLogger('worker', config.logLevel)
  Runtime.install({
    shutdownSignals: [],
    logger: new DefaultLogger('WARN', ({ level, message, meta }) => {
      // Workflows have one queue; that the others poll for none is as it should be.
      if (message.startsWith('No workflows registered')) return
      log[level === 'ERROR' ? 'error' : 'warn'](meta ?? {}, message)
    }),
  })

  const registry = createRegistry()
  const metricsServer = await serveMetrics(registry, config.worker.metricsPort)
  const bus = createLoopbackLink({ url: config.worker.busUrl, dataDir: config.dataDir, log })
  const egress = await createEgress(config, log)
  const connection = await connect(config, log, stopping.signal)
  const client = new Client({ connection, namespace: config.temporal.namespace })
  const catalog = config.worker.roles.includes('control') ? await openCatalog(config) : null

  const store = createLocalWorkStore(config.dataDir)
  await giveBackLost({ client, config, log }, stopping.signal)
  const room = createRoom(config)
  const deps: StepDeps = { config, store, room, bus, wishes: bus, metrics: createStepMetrics(registry), log }
  const common = commonOptions(config, connection, identityOf(await thisProcess()))

  const control = catalog
    ? createControlActivities({
        ...deps,
        catalog,
        library: createLibrary(config.libraryDir),
        toolVersions: readToolVersions(config.tools),
      })
    : null

  const workerOf: Record<WorkerRole, () => Promise<Worker>> = {
    control: async () => {
      if (!control) throw new Error('the control role needs the catalog')
      const bundle = new URL('dist/workflows.js', import.meta.url)
      return Worker.create({
        ...common,
        taskQueue: TASK_QUEUES.control,
        workflowBundle: { code: await readFile(bundle, 'utf8') },
        activities: control,
      })
    },
    download: () =>
      Worker.create({
        ...common,
        taskQueue: TASK_QUEUES.download,
        activities: createDownloadActivities({ ...deps, egress }),
        maxConcurrentActivityTaskExecutions: config.worker.downloadSlots,
      }),
    media: () =>
      Worker.create({
        ...common,
        taskQueue: TASK_QUEUES.media,
        activities: createMediaActivities(deps),
        maxConcurrentActivityTaskExecutions: config.worker.mediaSlots,
      }),
    images: () =>
      Worker.create({
        ...common,
        taskQueue: TASK_QUEUES.images,
        activities: createImageActivities(deps),
        maxConcurrentActivityTaskExecutions: config.worker.imageSlots,
      }),
  }
  const workers = await Promise.all(config.worker.roles.map((role) => workerOf[role]()))
  const lookouts = catalog
    ? [createReconciler, createRunWatcher].map((create) =>
        create({
          client: client.workflow,
          jobs: catalog.jobs,
          log,
          onChanged: (jobId, revision) => bus.publish({ type: 'changed', jobId, revision }),
        }),
      )
    : []
  const housekeeping =
    catalog && control
      ? startHousekeeping(
          catalog,
          {
            listJobs: () => store.listJobs(),
            removeJob: (jobId) => control.removeWork({ jobId }),
            withdraw: (jobId) => control.withdraw({ jobId }),
          },
          log,
        )
      : null

  const keeper = housekeeping
    ? keepRoom({ client, config, room, log }, async () => {
        await sweepAbandoned({ client, config, log })
        await housekeeping.makeRoom()
      })
    : null

  const shutDown = () => {
    for (const worker of workers) if (worker.getState() === 'RUNNING') worker.shutdown()
  }
  stopping.signal.addEventListener('abort', shutDown)
  logReady(log, { roles: config.worker.roles, metricsPort: metricsServer.port })
  try {
    // One that breaks takes the others down in order; the supervisor starts the process again.
    const runs = workers.map((worker) => worker.run().finally(() => stopping.abort()))
    // Asked to stop while it was being made; a worker that does not run yet could not be stopped.
    if (stopping.signal.aborted) shutDown()
    await Promise.all(runs)
  } finally {
    await keeper?.stop()
    housekeeping?.stop()
    await Promise.all(lookouts.map((lookout) => lookout.stop()))
    await egress.close()
    await bus.close()
    await catalog?.close()
    metricsServer.close()
    await connection.close()
  }
}

const stopping = new AbortController()
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => stopping.abort())
main(stopping).catch((error: unknown) => {
  // Asked to stop while it still waited for Temporal.
  if (error instanceof Error && error.name === 'AbortError' && stopping.signal.aborted) process.exit(0)
  const message = error instanceof ConfigError ? error.message : `The worker ended: ${String(error)}`
  // What is open by now, as the progress link is, would keep a worker that does nothing alive.
  process.stderr.write(`${message}\n`, () => process.exit(1))
})
