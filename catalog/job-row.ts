import type { Failure } from '../contract/failures.ts'
import type { JobResult } from '../contract/jobs.ts'
import type { JobKind, JobState } from '../contract/names.ts'
import type { JobOptions, PresetName } from '../contract/presets.ts'
import type { StepRecord } from '../contract/steps.ts'

export type WaitingFor = 'cookies' | 'site' | 'disk' | 'approval'

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
  /** When the running workflow was told; null while the intent lives in this row alone. */
  cancelSignalledAt: number | null
  percent: number | null
  preset: PresetName
  options: JobOptions
  priority: number
  force: boolean
  source: JobSource
  /** Owner, normalised source and settings, hashed; null where nothing may match. */
  dedupeKey: string | null
  passthrough: string | null
  steps: StepRecord[]
  error: Failure | null
  result: JobResult | null
  /** Grows with every change that a client can see. */
  revision: number
  run: number
  projectionVersion: number
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
