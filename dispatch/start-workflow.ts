import { createHash } from 'node:crypto'
import type { WorkflowClient } from '@temporalio/client'
import { defineSearchAttributeKey, type SearchAttributePair } from '@temporalio/common'
import type { JobRow } from '../catalog/job-row.ts'
import { summaryText } from '../contract/activity-summary.ts'
import { SEARCH_ATTRIBUTES, TASK_QUEUES, workflowIdOf } from '../contract/names.ts'
import type { JobInput } from '../contract/steps.ts'
import { callTemporal } from './call-temporal.ts'
import type { OpenCalls } from './open-calls.ts'
import { isAlreadyStarted } from './temporal-errors.ts'

/** Ten times what a busy server takes. Without a limit the client would wait for ever. */
const START_TIMEOUT_MS = 10_000

/** The server's limit of fairness keys. */
const MAX_FAIRNESS_KEY_BYTES = 64

const KIND = defineSearchAttributeKey(SEARCH_ATTRIBUTES.kind, 'KEYWORD')
const OWNER = defineSearchAttributeKey(SEARCH_ATTRIBUTES.owner, 'KEYWORD')
const SITE = defineSearchAttributeKey(SEARCH_ATTRIBUTES.site, 'KEYWORD')

/**
 * Has Temporal run the present run of a job. Asking again is harmless: a workflow that runs or ran already counts as started.
 * @throws gRPC errors; `isAway` tells which may pass. Where there was no answer, or nobody waited for it, it may have started.
 */
export const startWorkflow = async (client: WorkflowClient, job: JobRow, openCalls: OpenCalls): Promise<void> => {
  const { kind, id, run, owner, priority, source } = job
  try {
    await callTemporal({ client, timeoutMs: START_TIMEOUT_MS, openCalls }, () =>
      client.start(kind, {
        workflowId: workflowIdOf(kind, id, run),
        taskQueue: TASK_QUEUES.control,
        args: [jobInput(job)],
        // By default a workflow that closed would run again.
        workflowIdReusePolicy: 'REJECT_DUPLICATE',
        workflowIdConflictPolicy: 'USE_EXISTING',
        typedSearchAttributes: searchAttributes({ kind, owner, site: source.site }),
        staticSummary: summaryOf(source),
        priority: { priorityKey: priority, fairnessKey: fairnessKeyOf(owner) },
      }),
    )
  } catch (error) {
    if (!isAlreadyStarted(error)) throw error
  }
}

export const searchAttributes = (of: { kind: string; owner: string; site: string | null }): SearchAttributePair[] => [
  { key: KIND, value: of.kind },
  { key: OWNER, value: of.owner },
  ...(of.site === null ? [] : [{ key: SITE, value: of.site }]),
]

/** Owners get an equal share of the workers each. */
export const fairnessKeyOf = (owner: string): string =>
  Buffer.byteLength(owner) <= MAX_FAIRNESS_KEY_BYTES ? owner : createHash('sha256').update(owner).digest('hex')

/** What the Web UI calls the workflow: the title, or the address without its query, which may hold tokens. */
export const summaryOf = ({ title, url, file }: JobRow['source']): string =>
  summaryText(title ?? url?.replace(/[?#].*$/s, '') ?? file ?? '')

const jobInput = (job: JobRow): JobInput => ({
  jobId: job.id,
  kind: job.kind,
  run: job.run,
  owner: job.owner,
  source: { url: job.source.url, file: job.source.file },
  preset: job.preset,
  options: job.options,
  force: job.force,
  priority: job.priority,
  passthrough: job.passthrough,
  createdAt: new Date(job.createdAt).toISOString(),
})
