import type { Job, Step } from '../../../contract/jobs.ts'
import { isEnded, type JobState, type StepName, type StepState } from '../../../contract/names.ts'
import type { ProgressMessage } from '../../../contract/socket.ts'
import { formatRate, formatRemaining } from '../design/units.ts'

export const STATE_WORDS: Record<JobState, string> = {
  accepted: 'Accepted',
  running: 'Running',
  paused: 'Paused',
  waiting: 'Waiting',
  succeeded: 'Succeeded',
  partial: 'Partly done',
  failed: 'Failed',
  cancelled: 'Cancelled',
}

const STEP_STATE_WORDS: Record<StepState, string> = {
  pending: 'Not yet',
  queued: 'Waiting for a free slot',
  running: 'Running',
  succeeded: 'Done',
  failed: 'Failed',
  skipped: 'Not needed',
  cancelled: 'Cancelled',
}

export const STEP_WORDS: Record<StepName, { title: string; does: string }> = {
  resolve: { title: 'Resolve', does: 'Ask the source what it has' },
  download: { title: 'Download', does: 'Fetch the best matching format' },
  probe: { title: 'Probe', does: 'Look into the file: streams, sizes, codecs' },
  plan: { title: 'Plan', does: 'Decide what to copy and what to encode' },
  transcode: { title: 'Transcode', does: 'Encode all renditions together, piece by piece' },
  package: { title: 'Package', does: 'Put the streams into their containers' },
  thumbnail: { title: 'Thumbnail', does: 'Choose a poster, draw the storyboard' },
  publish: { title: 'Publish', does: 'Check, name and file the results' },
}

const WAITING_WORDS: Record<NonNullable<Job['waitingFor']>, string> = {
  cookies: 'Waiting for cookies of a signed-in browser',
  site: 'Waiting until the site takes more',
  disk: 'Waiting for room on the disk',
  approval: 'Waiting for approval',
}

/**
 * A step as a person should read it: the server calls what a failed or cancelled job never came to `skipped`, as it does what
 * was not needed.
 */
export const stepWords = (
  job: Pick<Job, 'state' | 'steps' | 'pauseRequested'>,
  step: Step,
): { state: StepState; words: string } => {
  const brokeAt = job.steps.findIndex(({ state }) => state === 'failed' || state === 'cancelled')
  const wasReached = brokeAt === -1 || job.steps.indexOf(step) <= brokeAt || step.startedAt !== null
  if (step.state === 'queued' && isHeld(job)) return { state: 'queued', words: 'Paused' }
  const hasNotRun = step.state === 'pending' || step.state === 'skipped'
  if (hasNotRun && isEnded(job.state) && (!wasReached || step.state === 'pending')) {
    return { state: 'pending', words: 'Not reached' }
  }
  return { state: step.state, words: STEP_STATE_WORDS[step.state] }
}

/** Whether the job rests, or will as soon as it can; it goes on when it is told to. */
export const isHeld = ({ state, pauseRequested }: Pick<Job, 'state' | 'pauseRequested'>): boolean =>
  state === 'paused' || pauseRequested

/** What a job is called: its title once known, else what was asked for. */
export const titleOf = (job: Job): string => job.source.title ?? job.source.url ?? job.source.file ?? job.id

/** The step to show where there is room for one: the first that runs, else the first that waits. */
export const currentStep = (job: Job): Step | null =>
  job.steps.find((step) => step.state === 'running') ?? job.steps.find((step) => step.state === 'queued') ?? null

/** The newest reading of the part of `step` that has the longest way to go: it is what the step waits for. */
export const slowestReading = (readings: readonly ProgressMessage[], step: Step): ProgressMessage | null => {
  const own = readings.filter((reading) => reading.step === step.name)
  const left = (reading: ProgressMessage): number => reading.etaMs ?? 100 - (reading.percent ?? 0)
  return own.reduce<ProgressMessage | null>(
    (slowest, next) => (slowest && left(slowest) >= left(next) ? slowest : next),
    null,
  )
}

/** `3.20 MB/s`, `12 s left`: what a reading knows of both. */
export const paceOf = (reading: ProgressMessage): string[] => {
  const words: string[] = []
  if (reading.rate !== null && reading.rate > 0) words.push(formatRate(reading.unit, reading.rate))
  if (reading.etaMs !== null) words.push(`${formatRemaining(reading.etaMs)} left`)
  return words
}

/** One sentence on what the job is at, for jobs that have not ended. */
export const activityOf = (job: Job): string => {
  if (job.cancelRequested) return 'Cancelling: ending the programs that run for it'
  if (job.state === 'accepted') return 'Waiting to be started'
  if (job.state === 'paused') return restWords(job)
  if (job.pauseRequested) return 'Pausing: ending the programs that run for it'
  if (job.waitingFor !== null) return WAITING_WORDS[job.waitingFor]
  const step = currentStep(job)
  if (!step) return 'Between steps'
  const { title } = STEP_WORDS[step.name]
  if (step.state === 'queued') return `${title}: waiting for a free slot`
  return step.attempt > 1 ? `${title}, attempt ${step.attempt}` : title
}

const restWords = (job: Job): string => {
  // Thumbnails may rest beside the encode, which says more.
  const step = job.steps.find(({ state }) => state === 'queued' || state === 'running')
  return step ? `At rest in ${STEP_WORDS[step.name].title}; what is finished stays` : 'At rest; it has not begun'
}

type Tone = 'live' | 'good' | 'bad' | 'calm' | 'warn'

export const toneOf = (state: JobState): Tone => {
  if (state === 'succeeded') return 'good'
  if (state === 'failed') return 'bad'
  if (state === 'partial' || state === 'waiting') return 'warn'
  return isEnded(state) || state === 'accepted' || state === 'paused' ? 'calm' : 'live'
}

/** The bar of a job that is under way: at rest where the job is. */
export const barTone = (state: JobState): 'live' | 'calm' => (toneOf(state) === 'live' ? 'live' : 'calm')
