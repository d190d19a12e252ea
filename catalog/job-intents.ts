import { isEnded } from '../contract/names.ts'
import type { JobRow } from './job-row.ts'

/** What somebody wishes of a job that has not ended. */
export type Intent =
  | { type: 'cancelRequested' }
  | { type: 'pauseRequested' }
  | { type: 'resumeRequested' }
  | { type: 'priorityRequested'; priority: number }

/** Whether nothing has the job in hand: what is wished of it is then a matter of its row alone. */
const isIdle = ({ state, dispatchedAt, startedAt, workflowRunIds }: JobRow): boolean =>
  (state === 'accepted' || state === 'paused') &&
  dispatchedAt === null &&
  startedAt === null &&
  // A start whose answer was lost has begun all the same.
  workflowRunIds.length === 0

/** Whether the job is in a state in which this may be wished of it. One that is being cancelled does nothing else any more. */
export const allows = (row: JobRow, intent: Intent): boolean =>
  !isEnded(row.state) && (intent.type === 'cancelRequested' || !row.cancelRequested)

/** Each has a time of its own, so that what was told meanwhile is told apart from what is still to be told. Epoch ms. */
export const timeOfIntent = (row: JobRow, now: number): number => Math.max(now, (row.intentPendingSince ?? 0) + 1)

/**
 * The change by a wish; `end` what ends the job. Null where the state does not allow it, or where all is so already.
 * @param now epoch ms
 */
export const afterIntent = (
  row: JobRow,
  intent: Intent,
  { now, cancelNow }: { now: number; cancelNow: () => Partial<JobRow> },
): Partial<JobRow> | null => {
  if (!allows(row, intent)) return null
  const idle = isIdle(row)
  const pending = idle ? {} : { intentPendingSince: timeOfIntent(row, now), intentOrder: row.revision + 1 }
  switch (intent.type) {
    case 'cancelRequested':
      if (row.cancelRequested) return null
      return idle ? { ...cancelNow(), cancelRequested: true } : { cancelRequested: true, ...pending }
    case 'pauseRequested':
      if (row.pauseRequested) return null
      return { pauseRequested: true, ...(idle ? { state: 'paused' } : pending) }
    case 'resumeRequested':
      if (!row.pauseRequested && row.state !== 'paused') return null
      // Claimed by whoever resumes it, who starts it.
      return { pauseRequested: false, ...(idle ? { state: 'accepted', dispatchedAt: now } : pending) }
    case 'priorityRequested':
      return row.priority === intent.priority ? null : { priority: intent.priority, ...pending }
  }
}
