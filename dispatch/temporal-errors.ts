import {
  isGrpcServiceError,
  WorkflowExecutionAlreadyStartedError,
  WorkflowFailedError,
  WorkflowNotFoundError,
} from '@temporalio/client'
import { ApplicationFailure } from '@temporalio/common'
import { isFailureCode, toFailure, type Failure, type FailureDetails } from '../contract/failures.ts'

/** gRPC status codes, https://grpc.io/docs/guides/status-codes/. */
const CANCELLED = 1
const UNKNOWN = 2
const DEADLINE_EXCEEDED = 4
const RESOURCE_EXHAUSTED = 8
const ABORTED = 10
const UNAVAILABLE = 14
const AWAY: readonly number[] = [CANCELLED, UNKNOWN, DEADLINE_EXCEEDED, RESOURCE_EXHAUSTED, ABORTED, UNAVAILABLE]

/** Whether Temporal did not answer, or asks to be left alone: the same call may work later. */
export const isAway = (error: unknown): boolean => {
  for (let current = error; current instanceof Error; current = current.cause) {
    if (isGrpcServiceError(current)) return AWAY.includes(current.code)
  }
  return false
}

/** Nothing was asked, as Temporal is away. */
export class TemporalAway extends Error {
  override readonly name = 'TemporalAway'
}

export const isAlreadyStarted = (error: unknown): boolean => error instanceof WorkflowExecutionAlreadyStartedError

/** Temporal does not know the workflow, or it has closed. */
export const isNotFound = (error: unknown): boolean => error instanceof WorkflowNotFoundError

export interface WorkflowFailure {
  failure: Failure
  details: FailureDetails
}

/** The typed failure deepest within what a workflow failed with. */
export const toWorkflowFailure = (error: unknown): WorkflowFailure => {
  let message: string | null = null
  for (let current = error; current instanceof Error; current = current.cause) {
    if (current instanceof ApplicationFailure && isFailureCode(current.type)) {
      const details = (current.details?.[0] ?? {}) as FailureDetails
      return { failure: toFailure(current.type, current.message, null), details }
    }
    if (!(current instanceof WorkflowFailedError)) message = current.message
  }
  return { failure: toFailure('Internal', message, null), details: {} }
}
