import type { Job, Step } from '../contract/jobs.ts'
import { isEnded } from '../contract/names.ts'
import type { ProgressMessage, ServerMessage } from '../contract/socket.ts'

/** Everything that is known of the jobs that are watched. */
export interface JobBoard {
  /** Takes a message of the progress socket. */
  take(message: ServerMessage): void
  jobs(): Job[]
  /** The newest reading of every part of a step, in the order in which parts were first heard of. */
  readings(jobId: string, step: Step): ProgressMessage[]
  allEnded(): boolean
}

/** @param ids The jobs to watch, in the order in which they are shown. */
export const createJobBoard = (ids: readonly string[]): JobBoard => {
  const jobs = new Map<string, Job>()
  const gone = new Set<string>()
  const readings = new Map<string, ProgressMessage>()

  const takeSnapshot = (job: Job) => {
    const known = jobs.get(job.id)
    if (!known || job.revision >= known.revision) jobs.set(job.id, job)
  }
  const takeState = (message: Extract<ServerMessage, { type: 'state' }>) => {
    const job = jobs.get(message.jobId)
    if (!job || message.revision < job.revision) return
    const { step } = message
    jobs.set(job.id, {
      ...job,
      revision: message.revision,
      state: message.state,
      waitingFor: message.waitingFor,
      error: message.error,
      steps: job.steps.map((known) => (known.name === step?.name ? step : known)),
    })
  }
  const takeProgress = (message: ProgressMessage) => {
    const job = jobs.get(message.jobId)
    if (!job || isEnded(job.state)) return
    const key = [message.jobId, message.step, message.part].join(' ')
    const before = readings.get(key)
    const isOlder =
      before !== undefined &&
      (message.attempt < before.attempt || (message.attempt === before.attempt && message.seq <= before.seq))
    if (isOlder) return
    readings.set(key, message)
    if (message.jobPercent !== null) jobs.set(job.id, { ...job, percent: message.jobPercent })
  }
  return {
    take: (message) => {
      if (message.type === 'snapshot') takeSnapshot(message.job)
      if (message.type === 'state') takeState(message)
      if (message.type === 'progress') takeProgress(message)
      if (message.type === 'removed') gone.add(message.jobId)
      if (message.type === 'subscribed') message.rejected.forEach(({ id }) => gone.add(id))
    },
    jobs: () => ids.flatMap((id) => jobs.get(id) ?? []),
    readings: (jobId, step) =>
      [...readings.values()].filter(
        (reading) => reading.jobId === jobId && reading.step === step.name && reading.attempt >= step.attempt,
      ),
    allEnded: () =>
      ids.every((id) => {
        const job = jobs.get(id)
        return gone.has(id) || (job !== undefined && isEnded(job.state))
      }),
  }
}
