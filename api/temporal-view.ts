import { type Client, type Connection, isGrpcDeadlineError, isGrpcServiceError } from '@temporalio/client'
import { defaultPayloadConverter } from '@temporalio/common'
import proto from '@temporalio/proto'
import { QUERIES, SEARCH_ATTRIBUTES, TASK_QUEUES, type TaskQueue } from '../contract/names.ts'
import type { HeartbeatDetails, ProgressSample } from '../contract/progress.ts'
import type { JobProjection } from '../contract/steps.ts'
import { Problem } from './http/problem.ts'

/** A task queue as Temporal describes it. Times are epoch milliseconds. */
export interface QueueStatus {
  name: TaskQueue
  /** Tasks that wait for a worker, approximately. */
  backlog: number
  pollers: { identity: string; lastSeenAt: number }[]
}

/** What the API asks of Temporal beside starting and stopping: all with a time limit. */
export interface TemporalView {
  /** @throws Problem TimedOut where no worker answers, NotReady where Temporal does not. */
  queryStatus(workflowId: string): Promise<JobProjection>
  /** Progress in the newest heartbeats of the workflow's running activities. */
  readHeartbeats(workflowId: string): Promise<ProgressSample[]>
  describeQueues(): Promise<QueueStatus[]>
  serverVersion(): Promise<string>
  /** Names of ours that the namespace does not have. */
  missingSearchAttributes(): Promise<string[]>
}

/** A query hangs for as long as no worker takes it. */
const QUERY_LIMIT_MS = 2_000
/** Everything else is answered by the server itself, in some milliseconds. */
const CALL_LIMIT_MS = 2_000

export const createTemporalView = ({
  client,
  connection,
}: {
  client: Client
  connection: Connection
}): TemporalView => {
  const namespace = client.options.namespace
  const limited = <T>(call: () => Promise<T>): Promise<T> => connection.withDeadline(Date.now() + CALL_LIMIT_MS, call)

  const describeQueue = async (name: TaskQueue): Promise<QueueStatus> => {
    // Workflows are taken from the control queue alone; the others carry activities.
    const { TASK_QUEUE_TYPE_WORKFLOW, TASK_QUEUE_TYPE_ACTIVITY } = proto.temporal.api.enums.v1.TaskQueueType
    const types =
      name === TASK_QUEUES.control ? [TASK_QUEUE_TYPE_WORKFLOW, TASK_QUEUE_TYPE_ACTIVITY] : [TASK_QUEUE_TYPE_ACTIVITY]
    const answers = await Promise.all(
      types.map((taskQueueType) =>
        connection.workflowService.describeTaskQueue({
          namespace,
          taskQueue: { name },
          taskQueueType,
          reportStats: true,
        }),
      ),
    )
    const seen = new Map<string, number>()
    for (const { identity, lastAccessTime } of answers.flatMap(({ pollers }) => pollers)) {
      if (identity) seen.set(identity, Math.max(seen.get(identity) ?? 0, Number(lastAccessTime?.seconds ?? 0) * 1_000))
    }
    return {
      name,
      backlog: answers.reduce((sum, { stats }) => sum + Number(stats?.approximateBacklogCount ?? 0), 0),
      pollers: [...seen].map(([identity, lastSeenAt]) => ({ identity, lastSeenAt })),
    }
  }

  return {
    queryStatus: async (workflowId) => {
      try {
        return await connection.withDeadline(Date.now() + QUERY_LIMIT_MS, () =>
          client.workflow.getHandle(workflowId).query<JobProjection>(QUERIES.status),
        )
      } catch (error) {
        if (isDeadline(error))
          throw new Problem('TimedOut', 'No worker answered; ask without `live` for what is known.')
        if (isGrpcServiceError(error)) throw new Problem('NotReady', 'Temporal does not answer.', { cause: error })
        throw error
      }
    },
    readHeartbeats: async (workflowId) => {
      const { raw } = await limited(() => client.workflow.getHandle(workflowId).describe())
      return (raw.pendingActivities ?? []).flatMap(({ heartbeatDetails }) => {
        const payload = heartbeatDetails?.payloads?.[0]
        if (!payload) return []
        const { progress } = defaultPayloadConverter.fromPayload<HeartbeatDetails>(payload)
        return progress ? [progress] : []
      })
    },
    describeQueues: () => limited(() => Promise.all(Object.values(TASK_QUEUES).map(describeQueue))),
    serverVersion: async () => {
      const { serverVersion } = await limited(() => connection.workflowService.getSystemInfo({}))
      return serverVersion ?? 'unknown'
    },
    missingSearchAttributes: async () => {
      const { customAttributes } = await limited(() => connection.operatorService.listSearchAttributes({ namespace }))
      return Object.values(SEARCH_ATTRIBUTES).filter((name) => customAttributes?.[name] === undefined)
    },
  }
}

const isDeadline = (error: unknown): boolean =>
  isGrpcDeadlineError(error) || (error instanceof Error && isGrpcDeadlineError(error.cause))
