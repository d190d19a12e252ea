import { proxyActivities, proxyLocalActivities } from '@temporalio/workflow'
import type { ControlActivities, DownloadActivities, ImageActivities, MediaActivities } from '../activities/index.ts'
import { TASK_QUEUES } from '../contract/names.ts'
import { CATALOG_CALL, LONG_TOOL, SHORT_TOOL } from './activity-policies.ts'

/** Every activity the workflows call, on the queue and with the policy that fits it. */
export const { inspect, resolve } = proxyActivities<DownloadActivities>({
  ...SHORT_TOOL,
  taskQueue: TASK_QUEUES.download,
})
export const { download } = proxyActivities<DownloadActivities>({ ...LONG_TOOL, taskQueue: TASK_QUEUES.download })
export const { probe, plan } = proxyActivities<MediaActivities>({ ...SHORT_TOOL, taskQueue: TASK_QUEUES.media })
export const { indexSource, transcodeChunk, transcodeAudio, packageMedia } = proxyActivities<MediaActivities>({
  ...LONG_TOOL,
  taskQueue: TASK_QUEUES.media,
})
export const { poster, storyboard } = proxyActivities<ImageActivities>({ ...LONG_TOOL, taskQueue: TASK_QUEUES.images })
export const { publish } = proxyActivities<ControlActivities>({ ...LONG_TOOL, taskQueue: TASK_QUEUES.control })

/** Short writes and reads of the catalog and of storage, in the worker that runs the workflow. */
export const { projectJob, findReusable, removeWork, withdraw } = proxyLocalActivities<ControlActivities>(CATALOG_CALL)
