const WINDOW_MS = 100
/** Ten jobs in a tenth of a second are about as many as Temporal can start in that time. */
const BUSY_JOBS = 10

/** Whether jobs are being accepted as fast as they could be started: then starting takes the processor that answers need. */
export const createAcceptanceLoad = (now: () => number = () => performance.now()) => {
  let windowStartedAt = Number.NEGATIVE_INFINITY
  let jobs = 0
  let jobsBefore = 0
  const turn = (): void => {
    const age = now() - windowStartedAt
    if (age < WINDOW_MS) return
    jobsBefore = age < 2 * WINDOW_MS ? jobs : 0
    jobs = 0
    windowStartedAt = now()
  }
  return {
    accepted: (count: number): void => {
      turn()
      jobs += count
    },
    isBusy: (): boolean => {
      turn()
      return Math.max(jobs, jobsBefore) >= BUSY_JOBS
    },
  }
}
