import { randomUUID } from 'node:crypto'
import { isGrpcServiceError, WorkflowFailedError, type WorkflowClient } from '@temporalio/client'
import { SluiceError } from '../contract/failures.ts'
import type { Info } from '../contract/media.ts'
import { TASK_QUEUES, workflowIdOf } from '../contract/names.ts'
import type { info } from '../workflows/info.ts'
import { fairnessKeyOf, searchAttributes, summaryOf } from './start-workflow.ts'
import { isAway, TemporalAway, toWorkflowFailure } from './temporal-errors.ts'

export interface InfoRunnerDeps {
  client: WorkflowClient
  /** How long somebody waits for an answer, in ms. */
  timeLimitMs?: number
}

const TIME_LIMIT_MS = 30_000
/** A start takes some 10 ms, 100 under load. */
const START_LIMIT_MS = 3_000
/** Somebody is waiting: before everything else. */
const PRIORITY = 1

/**
 * Asks a site what is at an address, by a workflow of its own; ends that workflow at the time limit.
 * The returned function throws SluiceError: as the workflow failed, or SourceUnavailable after the time limit; TemporalAway
 * where it could not be started.
 */
export const createInfoRunner =
  ({ client, timeLimitMs = TIME_LIMIT_MS }: InfoRunnerDeps) =>
  async ({ url, owner }: { url: string; owner: string }): Promise<Info> => {
    const deadline = Date.now() + timeLimitMs
    const started = await client
      .withDeadline(Date.now() + START_LIMIT_MS, () =>
        client.start<typeof info>('info', {
          workflowId: workflowIdOf('info', randomUUID(), 1),
          taskQueue: TASK_QUEUES.control,
          args: [{ url }],
          workflowExecutionTimeout: timeLimitMs,
          typedSearchAttributes: searchAttributes({ kind: 'info', owner, site: new URL(url).hostname }),
          staticSummary: summaryOf({ title: null, url, file: null, site: null }),
          priority: { priorityKey: PRIORITY, fairnessKey: fairnessKeyOf(owner) },
        }),
      )
      .catch((error: unknown) => {
        throw isAway(error) ? new TemporalAway('Temporal does not answer', { cause: error }) : error
      })
    try {
      return await client.withDeadline(deadline, () => started.result())
    } catch (error) {
      throw toInfoError(error, timeLimitMs)
    }
  }

const toInfoError = (error: unknown, timeLimitMs: number): unknown => {
  if (error instanceof WorkflowFailedError && !isTimeout(error)) {
    const { failure, details } = toWorkflowFailure(error)
    return new SluiceError(failure.code, failure.message, details, error)
  }
  if (error instanceof WorkflowFailedError || hasGrpcCause(error)) {
    const seconds = Math.round(timeLimitMs / 1_000)
    return new SluiceError('SourceUnavailable', `There was no answer within ${seconds} s.`, {}, error)
  }
  return error
}

const isTimeout = (error: WorkflowFailedError): boolean => error.cause?.name === 'TimeoutFailure'

const hasGrpcCause = (error: unknown): boolean =>
  isGrpcServiceError(error) || (error instanceof Error && isGrpcServiceError(error.cause))
