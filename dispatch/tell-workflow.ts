import type { WorkflowClient } from '@temporalio/client'
import type { JobRow } from '../catalog/job-row.ts'
import { SIGNALS, workflowIdOf } from '../contract/names.ts'
import { moveWaiting } from './move-waiting.ts'

/**
 * Tells a workflow all that is wished of its job, what it knows already included: that changes nothing. Signals carry the row's
 * revision, by which the workflow tells those that were overtaken on their way.
 * @throws gRPC errors; WorkflowNotFoundError where it has closed or never was.
 */
export const tellWorkflow = async (
  client: WorkflowClient,
  { kind, id, run, cancelRequested, pauseRequested, priority, revision }: JobRow,
): Promise<void> => {
  const handle = client.getHandle(workflowIdOf(kind, id, run))
  if (cancelRequested) return void (await handle.cancel())
  await handle.signal(pauseRequested ? SIGNALS.pause : SIGNALS.resume, revision)
  await handle.signal(SIGNALS.priority, priority, revision)
  if (!pauseRequested) await moveWaiting(client, handle, priority)
}
