import type { JobRow } from '../../catalog/job-row.ts'
import type { ProgressSample } from '../../contract/progress.ts'
import type { ProgressMessage, StateMessage } from '../../contract/socket.ts'
import type { StepRecord } from '../../contract/steps.ts'
import { toStep } from '../job-view.ts'
import type { LiveProgress } from '../live-progress.ts'

export const progressMessage = (sample: ProgressSample, jobPercent: number | null): ProgressMessage => ({
  type: 'progress',
  jobId: sample.jobId,
  step: sample.step,
  part: sample.part,
  attempt: sample.attempt,
  seq: sample.seq,
  percent: sample.percent,
  done: sample.done,
  total: sample.total,
  unit: sample.unit,
  rate: sample.rate,
  etaMs: sample.etaMs,
  jobPercent,
  at: sample.at,
})

/**
 * What to tell of a row that has changed: one message for each step that did, all with the row's revision; one without a
 * step where only the job's own state did.
 */
export const stateMessages = (
  before: JobRow | null,
  after: JobRow,
  live: Pick<LiveProgress, 'stepPercent' | 'begunAttempt'>,
): StateMessage[] => {
  const changed = after.steps.filter((step, index) => !sameStep(before?.steps[index], step))
  const message = (step: StepRecord | null): StateMessage => ({
    type: 'state',
    jobId: after.id,
    revision: after.revision,
    state: after.state,
    waitingFor: after.waitingFor,
    step: step === null ? null : toStep(after, step, live),
    error: after.error,
    at: after.updatedAt,
  })
  return changed.length === 0 ? [message(null)] : changed.map(message)
}

const sameStep = (before: StepRecord | undefined, after: StepRecord): boolean =>
  before !== undefined &&
  before.name === after.name &&
  before.state === after.state &&
  before.attempt === after.attempt &&
  before.startedAt === after.startedAt &&
  before.endedAt === after.endedAt &&
  before.error?.message === after.error?.message
