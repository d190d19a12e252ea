import type { JobRow } from '../catalog/job-row.ts'
import type { Job, Step } from '../contract/jobs.ts'
import { isEnded, workflowIdOf } from '../contract/names.ts'
import type { StepRecord } from '../contract/steps.ts'
import type { Links } from './links.ts'
import type { LiveProgress } from './live-progress.ts'

export interface JobViewDeps {
  links: Links
  live: Pick<LiveProgress, 'stepPercent' | 'begunAttempt' | 'jobPercent'>
}

/** The job as clients see it: the catalog's row with the newest readings laid over it. */
export const toJob = (row: JobRow, { links, live }: JobViewDeps): Job => ({
  id: row.id,
  kind: row.kind,
  state: row.state,
  waitingFor: row.waitingFor,
  cancelRequested: row.cancelRequested,
  pauseRequested: row.pauseRequested,
  percent: live.jobPercent(row),
  preset: row.preset,
  options: row.options,
  priority: row.priority,
  source: row.source,
  passthrough: row.passthrough,
  steps: row.steps.map((step) => toStep(row, step, live)),
  error: row.error,
  result: row.result,
  revision: row.revision,
  run: row.run,
  parentId: row.parentId,
  owner: row.owner,
  links: {
    self: links.job(row.id),
    temporal: links.workflow(workflowIdOf(row.kind, row.id, row.run)),
    media: (row.result?.mediaIds ?? []).map((id) => links.media(id)),
  },
  createdAt: time(row.createdAt),
  updatedAt: time(row.updatedAt),
})

/** The workflow hears of a step when it ends; that it runs, in which attempt and how far, its readings say. */
export const toStep = (
  row: Pick<JobRow, 'id' | 'run' | 'state'>,
  step: StepRecord,
  live: Pick<LiveProgress, 'stepPercent' | 'begunAttempt'>,
): Step => {
  const waits = step.state === 'queued' || step.state === 'running'
  const attempt = waits && !isEnded(row.state) ? live.begunAttempt(row, step) : null
  if (attempt === null) return recordedStep(step)
  const known = [live.stepPercent(row, step), oneDecimal(step.percent)].filter((percent) => percent !== null)
  const percent = known.length === 0 ? null : Math.max(...known)
  return { ...recordedStep(step), state: 'running', attempt, percent }
}

const recordedStep = (step: StepRecord): Step => ({
  name: step.name,
  state: step.state,
  percent: oneDecimal(step.percent),
  attempt: step.attempt,
  startedAt: step.startedAt === null ? null : time(step.startedAt),
  endedAt: step.endedAt === null ? null : time(step.endedAt),
  error: step.error,
})

const oneDecimal = (percent: number | null): number | null => (percent === null ? null : Math.round(percent * 10) / 10)

/** RFC 3339 in UTC. */
export const time = (epochMs: number): string => new Date(epochMs).toISOString()
