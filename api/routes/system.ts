import { z } from 'zod'
import { JOB_STATES, TASK_QUEUES } from '../../contract/names.ts'
import type { ApiDeps } from '../deps.ts'
import { json, problems } from '../http/responses.ts'
import type { Route } from '../http/route.ts'
import { time } from '../job-view.ts'
import { API_PATH } from '../links.ts'
import type { QueueStatus } from '../temporal-view.ts'

const systemSchema = z
  .object({
    temporal: z.object({ reachable: z.boolean(), uiUrl: z.string() }),
    queues: z
      .array(z.object({ name: z.enum(TASK_QUEUES), backlog: z.int(), pollers: z.int() }))
      .nullable()
      .describe('Null while Temporal is away'),
    workers: z.array(
      z.object({ identity: z.string(), queues: z.array(z.enum(TASK_QUEUES)), lastSeenAt: z.iso.datetime() }),
    ),
    progress: z.object({
      clients: z.int().describe('Open sockets and event streams'),
      workerHeardAt: z.iso.datetime().nullable().describe('Newest sign of life on the progress link'),
    }),
    jobs: z.record(z.enum(JOB_STATES), z.int()),
    disk: z
      .object({
        totalBytes: z.number(),
        freeBytes: z.number(),
        keepFreeBytes: z.number().describe('What jobs leave free of it'),
        quotaBytes: z.number().nullable().describe('SLUICE_DATA_QUOTA; null where there is none'),
        usedBytes: z.number().nullable().describe('What the data directory holds; null without a quota'),
        reservedBytes: z.number().describe('Promised to running jobs, and not written yet'),
        waitingJobs: z.int().describe('Jobs that wait for room'),
      })
      .describe('Of the data directory'),
    versions: z.object({ sluice: z.string(), node: z.string(), temporal: z.string().nullable() }),
  })
  .meta({ id: 'System' })

export const getSystem = (deps: ApiDeps & { workerHeardAt(): number }): Route => ({
  method: 'get',
  path: `${API_PATH}/system`,
  role: 'viewer',
  operation: {
    operationId: 'getSystem',
    summary: 'Queues, workers, disk and versions',
    tags: ['System'],
    responses: { '200': json('How it is', systemSchema), ...problems(503) },
  },
  handle: async ({ response }) => {
    const [temporal, jobs, { disk, reservedBytes, waiting }] = await Promise.all([
      askTemporal(deps),
      deps.catalog.jobs.countsByState({ owner: null }),
      deps.roomState(),
    ])
    const heardAt = deps.workerHeardAt()
    response.json({
      temporal: { reachable: temporal !== null, uiUrl: deps.links.temporalUi },
      queues:
        temporal?.queues.map(({ name, backlog, pollers }) => ({ name, backlog, pollers: pollers.length })) ?? null,
      workers: workersOf(temporal?.queues ?? []),
      progress: { clients: deps.feed.clientCount(), workerHeardAt: heardAt === 0 ? null : time(heardAt) },
      jobs,
      disk: {
        totalBytes: disk.totalBytes,
        freeBytes: disk.diskFreeBytes,
        keepFreeBytes: disk.keepFreeBytes,
        quotaBytes: disk.quotaBytes,
        usedBytes: disk.usedBytes,
        reservedBytes,
        waitingJobs: waiting,
      },
      versions: { sluice: deps.version, node: process.version, temporal: temporal?.version ?? null },
    })
  },
})

/** Null while it is away: the rest is worth knowing then, more than ever. */
const askTemporal = async ({ temporal, log }: ApiDeps) => {
  try {
    const [queues, version] = await Promise.all([temporal.describeQueues(), temporal.serverVersion()])
    return { queues, version }
  } catch (error) {
    log.debug({ err: error }, 'Temporal does not answer')
    return null
  }
}

/** A worker polls each of its queues under one identity. */
const workersOf = (queues: readonly QueueStatus[]) => {
  const workers = new Map<string, { identity: string; queues: string[]; lastSeenAt: number }>()
  for (const queue of queues) {
    for (const { identity, lastSeenAt } of queue.pollers) {
      const worker = workers.get(identity) ?? { identity, queues: [], lastSeenAt: 0 }
      worker.queues.push(queue.name)
      worker.lastSeenAt = Math.max(worker.lastSeenAt, lastSeenAt)
      workers.set(identity, worker)
    }
  }
  return [...workers.values()].map((worker) => ({ ...worker, lastSeenAt: time(worker.lastSeenAt) }))
}
