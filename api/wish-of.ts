import type { JobRow } from '../catalog/job-row.ts'
import type { JobWish } from '../contract/progress.ts'

/** What is wished of a job, for the workers that have it in hand. */
export const wishOf = ({ id, run, cancelRequested, pauseRequested }: JobRow): JobWish => ({
  type: 'wish',
  jobId: id,
  run,
  wish: cancelRequested ? 'cancel' : pauseRequested ? 'pause' : 'run',
})
