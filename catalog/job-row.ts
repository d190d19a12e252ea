import type { Failure } from '../contract/failures.ts'
import type { JobResult } from '../contract/jobs.ts'
import type { JobKind, JobState, WaitingFor } from '../contract/names.ts'
import type { JobOptions, PresetName } from '../contract/presets.ts'
import type { StepRecord } from '../contract/steps.ts'
import { searchText } from './search-text.ts'

/** The table's columns. JSON is text, truth values are 0 or 1. */
export interface JobRecord {
  id: string
  kind: string
  state: string
  waiting_for: string | null
  cancel_requested: number | boolean
  pause_requested: number | boolean
  intent_pending_since: number | null
  intent_order: number | null
  percent: number | null
  preset: string
  options: string
  priority: number
  force: number | boolean
  source_url: string | null
  source_file: string | null
  source_title: string | null
  source_site: string | null
  search_text: string
  dedupe_key: string | null
  live_key: string | null
  passthrough: string | null
  steps: string
  error: string | null
  result: string | null
  revision: number
  run: number
  projection_version: number
  workflow_run_ids: string | null
  owner: string
  parent_id: string | null
  dispatched_at: number | null
  started_at: number | null
  checked_at: number | null
  created_at: number
  updated_at: number
  ended_at: number | null
}

export interface JobSource {
  url: string | null
  file: string | null
  title: string | null
  site: string | null
}

/** One job as the catalog knows it. Times are epoch milliseconds. */
export interface JobRow {
  id: string
  kind: JobKind
  state: JobState
  waitingFor: WaitingFor | null
  cancelRequested: boolean
  pauseRequested: boolean
  /** Since when the workflow is to be told what is wished of the job; null: there is nothing to tell. */
  intentPendingSince: number | null
  /** The revision by which it was last wished that this execution's workflow pause, go on or change its priority; null: never. */
  intentOrder: number | null
  percent: number | null
  preset: PresetName
  options: JobOptions
  priority: number
  force: boolean
  source: JobSource
  /** Hash of owner, normalised source and settings; null where nothing may match. */
  dedupeKey: string | null
  passthrough: string | null
  steps: StepRecord[]
  error: Failure | null
  result: JobResult | null
  /** Grows with every change that a client can see. */
  revision: number
  run: number
  projectionVersion: number
  /** Temporal's ids of the executions of this run's workflow that were heard of, the present one last: a reset adds one. */
  workflowRunIds: string[]
  owner: string
  parentId: string | null
  /** When a dispatcher last took the row; null: nobody has it. */
  dispatchedAt: number | null
  /** When Temporal confirmed the workflow of this run. */
  startedAt: number | null
  createdAt: number
  updatedAt: number
  endedAt: number | null
}

const parse = (json: string): unknown => JSON.parse(json)
const parseOrNull = (json: string | null): unknown => (json === null ? null : parse(json))

/** What is in these columns was written by {@link toRecord}: it is trusted to have the types it had then. */
export const toJobRow = (record: JobRecord): JobRow => ({
  id: record.id,
  kind: record.kind as JobKind,
  state: record.state as JobState,
  waitingFor: record.waiting_for as WaitingFor | null,
  cancelRequested: Boolean(record.cancel_requested),
  pauseRequested: Boolean(record.pause_requested),
  intentPendingSince: record.intent_pending_since,
  intentOrder: record.intent_order,
  percent: record.percent,
  preset: record.preset as PresetName,
  options: parse(record.options) as JobOptions,
  priority: record.priority,
  force: Boolean(record.force),
  source: {
    url: record.source_url,
    file: record.source_file,
    title: record.source_title,
    site: record.source_site,
  },
  dedupeKey: record.dedupe_key,
  passthrough: record.passthrough,
  steps: parse(record.steps) as StepRecord[],
  error: parseOrNull(record.error) as Failure | null,
  result: parseOrNull(record.result) as JobResult | null,
  revision: record.revision,
  run: record.run,
  projectionVersion: record.projection_version,
  workflowRunIds: (parseOrNull(record.workflow_run_ids) ?? []) as string[],
  owner: record.owner,
  parentId: record.parent_id,
  dispatchedAt: record.dispatched_at,
  startedAt: record.started_at,
  createdAt: record.created_at,
  updatedAt: record.updated_at,
  endedAt: record.ended_at,
})

/** The row as columns; who holds the key that makes a second submission the same job is not the row's own matter. */
export const toRecord = (row: JobRow): Omit<JobRecord, 'live_key' | 'checked_at'> => ({
  id: row.id,
  kind: row.kind,
  state: row.state,
  waiting_for: row.waitingFor,
  cancel_requested: row.cancelRequested,
  pause_requested: row.pauseRequested,
  intent_pending_since: row.intentPendingSince,
  intent_order: row.intentOrder,
  percent: row.percent,
  preset: row.preset,
  options: JSON.stringify(row.options),
  priority: row.priority,
  force: row.force,
  source_url: row.source.url,
  source_file: row.source.file,
  source_title: row.source.title,
  source_site: row.source.site,
  search_text: searchText([row.source.title, row.source.url, row.source.file, row.source.site]),
  dedupe_key: row.dedupeKey,
  passthrough: row.passthrough,
  steps: JSON.stringify(row.steps),
  error: row.error === null ? null : JSON.stringify(row.error),
  result: row.result === null ? null : JSON.stringify(row.result),
  revision: row.revision,
  run: row.run,
  projection_version: row.projectionVersion,
  workflow_run_ids: row.workflowRunIds.length === 0 ? null : JSON.stringify(row.workflowRunIds),
  owner: row.owner,
  parent_id: row.parentId,
  dispatched_at: row.dispatchedAt,
  started_at: row.startedAt,
  created_at: row.createdAt,
  updated_at: row.updatedAt,
  ended_at: row.endedAt,
})
