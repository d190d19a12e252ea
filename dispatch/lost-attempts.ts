import { setTimeout as sleep } from 'node:timers/promises'
import { ActivityNotFoundError, WorkflowNotFoundError, type Client } from '@temporalio/client'
import { ApplicationFailure } from '@temporalio/common'
import type { Logger } from 'pino'

/** What Temporal is told of work whose worker died: it hands it out again at once instead of after 60 s of silence. */
const lost = (): ApplicationFailure => ApplicationFailure.retryable('the worker that had this died', 'WorkerLost')

/**
 * Of a task token that is younger than itself, as after a restore, Temporal says that a second try may help; the client tries for
 * 10 s and more.
 */
const ANSWERS_WITHIN_MS = 3_000

/** Of an attempt whose worker died. */
export interface LostAttempt {
  /** Base64. */
  taskToken: string
  jobId: string
  step: string
}

/** Gives one attempt back. What Temporal does not take back it hands out again by itself, after 60 s of silence. */
export const giveBackAttempt = async (
  { client, log }: Pick<LostAttemptsDeps, 'client' | 'log'>,
  { taskToken, jobId, step }: LostAttempt,
): Promise<void> => {
  const fail = () => client.activity.fail(Buffer.from(taskToken, 'base64'), lost())
  try {
    const isGiven = await ignoringGone(() => client.withDeadline(Date.now() + ANSWERS_WITHIN_MS, fail))
    if (isGiven) log.warn({ jobId, step }, 'gave back the work of a dead worker')
  } catch (error) {
    log.warn({ jobId, step, err: error }, 'Temporal does not take back the work of a dead worker')
  }
}

/** Of temporal.api.enums.v1.PendingActivityState: begun, and begun with its cancellation requested. */
const BEGUN: readonly unknown[] = [2, 3]

export interface LostAttemptsDeps {
  client: Client
  /** Whether the worker of this identity has gone for certain. */
  isDead: (identity: string) => Promise<boolean>
  log: Logger
  signal: AbortSignal
}

/** Past so long Temporal misses the heartbeat, and hands the work out by itself. */
const TRIES_FOR_MS = 60_000
const TRY_AGAIN_MS = 1_000

/**
 * Gives back what dead workers had taken and has no scratch folder: killed between the moment in which Temporal handed them a task and
 * the one in which the folder appeared, or after it was removed and before Temporal heard of the end. Asks about every running
 * workflow, some 5 ms of the server each, and again where one cannot be told: the server may have been killed, too, and just be
 * starting. @returns how many were given back.
 * @throws gRPC errors where Temporal does not answer for a minute.
 */
export const giveBackUnnoted = async (deps: LostAttemptsDeps): Promise<number> => {
  const until = performance.now() + TRIES_FOR_MS
  for (let given = 0; ;) {
    const round = await giveBackOnce(deps)
    given += round.given
    if (round.failed === null || deps.signal.aborted) return given
    if (performance.now() > until) throw round.failed.error
    await sleep(TRY_AGAIN_MS, undefined, { signal: deps.signal }).catch(() => undefined)
  }
}

interface Round {
  given: number
  /** The last of what went wrong. */
  failed: { error: unknown } | null
}

const giveBackOnce = async ({ client, isDead, log, signal }: LostAttemptsDeps): Promise<Round> => {
  const round: Round = { given: 0, failed: null }
  const tryTo = async (work: () => Promise<void>): Promise<void> => {
    try {
      await work()
    } catch (error) {
      round.failed = { error }
    }
  }
  const giveBack = async (workflowId: string, runId: string): Promise<void> => {
    for (const { activityId, identity } of await begunActivities(client, { workflowId, runId })) {
      if (!(await isDead(identity))) continue
      if (!(await ignoringGone(() => client.activity.fail({ workflowId, runId, activityId }, lost())))) continue
      round.given += 1
      log.warn({ workflowId, activityId, identity }, 'gave back what a dead worker had just taken')
    }
  }
  await tryTo(async () => {
    for await (const { workflowId, runId } of client.workflow.list({ query: 'ExecutionStatus = "Running"' })) {
      if (signal.aborted) return
      await tryTo(() => giveBack(workflowId, runId))
    }
  })
  return round
}

const begunActivities = async (
  client: Client,
  { workflowId, runId }: { workflowId: string; runId: string },
): Promise<{ activityId: string; identity: string }[]> => {
  try {
    const { raw } = await client.workflow.getHandle(workflowId, runId).describe()
    return (raw.pendingActivities ?? [])
      .filter(({ state }) => BEGUN.includes(state))
      .map(({ activityId, lastWorkerIdentity }) => ({
        activityId: activityId ?? '',
        identity: lastWorkerIdentity ?? '',
      }))
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return []
    throw error
  }
}

/** Whether there was something to give back: not where it ended, timed out or was handed out again meanwhile. */
const ignoringGone = async (call: () => Promise<void>): Promise<boolean> => {
  try {
    await call()
    return true
  } catch (error) {
    if (error instanceof ActivityNotFoundError) return false
    throw error
  }
}
