import type { WorkflowHandle } from '@temporalio/client'
import type { JobRow } from '../catalog/job-row.ts'
import { SIGNALS } from '../contract/names.ts'

/**
 * Tells a workflow all that is wished of its job, what it knows already included: that changes nothing. Signals carry the row's
 * revision, by which the workflow tells those that were overtaken on their way.
 * @throws gRPC errors; WorkflowNotFoundError where it has closed or never was.
 */
export const tellWorkflow = async (
  handle: WorkflowHandle,
  { cancelRequested, pauseRequested, priority, revision }: JobRow,
): Promise<void> => {
  if (cancelRequested) return void (await handle.cancel())
  await handle.signal(pauseRequested ? SIGNALS.pause : SIGNALS.resume, revision)
  await handle.signal(SIGNALS.priority, priority, revision)
}
