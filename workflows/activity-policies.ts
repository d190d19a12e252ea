import { ActivityCancellationType, type ActivityOptions, type LocalActivityOptions } from '@temporalio/workflow'

/**
 * Timeouts and retries by kind of work. No policy has `maximumAttempts`: Temporal's one counter would mix lost workers,
 * drains and outages with broken tools. Temporal's own retries are for those; tool failures arrive non-retryable and are
 * counted per type by `runStep`.
 */

/** A worker that died is noticed by its successor at once, or after `heartbeatTimeout`; the retry follows without delay. */
const afterWorkerLoss = { initialInterval: '100ms', backoffCoefficient: 2, maximumInterval: '10s' } as const

/** 60 s of silence outlast a restart of Temporal, so that a short outage costs no attempt. */
const heartbeatTimeout = '60s'

/**
 * A cancelled job has ended when its last process is dead, so the workflow waits for each activity to say so. Set by hand:
 * left out, the SDK does not wait, whatever its documentation says.
 */
const cancellationType = ActivityCancellationType.WAIT_CANCELLATION_COMPLETED

/** Drives a tool for as long as the media takes: a slow source or a long film may need days, waiting for a slot included. */
export const LONG_TOOL: ActivityOptions = {
  scheduleToCloseTimeout: '7 days',
  heartbeatTimeout,
  cancellationType,
  retry: afterWorkerLoss,
}

/** Drives a tool that is done in seconds once it has a slot; the limit of one attempt catches what hangs. */
export const SHORT_TOOL: ActivityOptions = {
  scheduleToCloseTimeout: '7 days',
  startToCloseTimeout: '15 minutes',
  heartbeatTimeout,
  cancellationType,
  retry: afterWorkerLoss,
}

/** Reads or writes the catalog: milliseconds, or as long as the database is away. */
export const CATALOG_CALL: LocalActivityOptions = {
  startToCloseTimeout: '30s',
  scheduleToCloseTimeout: '7 days',
  retry: { initialInterval: '250ms', backoffCoefficient: 2, maximumInterval: '5s' },
}
