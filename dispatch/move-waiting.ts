import { isGrpcServiceError, type WorkflowClient, type WorkflowHandle } from '@temporalio/client'

/** Of temporal.api.enums.v1.PendingActivityState: it waits for a slot. */
const SCHEDULED = 1

/** It has begun or ended meanwhile; a server too old to move it, where the priority counts for what is scheduled next. */
const NOT_FOUND = 5
const UNIMPLEMENTED = 12

/**
 * Moves what a workflow has scheduled and no worker has begun to another place in its queue. What runs is left alone.
 * @throws gRPC errors; WorkflowNotFoundError where it never was.
 */
export const moveWaiting = async (client: WorkflowClient, handle: WorkflowHandle, priority: number): Promise<void> => {
  const { raw } = await handle.describe()
  for (const { activityId, state, priority: present } of raw.pendingActivities ?? []) {
    if (state !== SCHEDULED || present?.priorityKey === priority) continue
    const moving = client.workflowService.updateActivityOptions({
      namespace: client.options.namespace,
      execution: { workflowId: handle.workflowId },
      id: activityId,
      activityOptions: { priority: { priorityKey: priority } },
      updateMask: { paths: ['priority.priority_key'] },
    })
    await moving.catch((error: unknown) => {
      if (!isGrpcServiceError(error) || ![NOT_FOUND, UNIMPLEMENTED].includes(error.code)) throw error
    })
  }
}
