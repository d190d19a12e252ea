import type { Job, Step } from '../contract/jobs.ts'
import { isEnded } from '../contract/names.ts'
import { plainText } from '../contract/plain-text.ts'
import type { ProgressMessage } from '../contract/socket.ts'
import type { JobBoard } from './job-board.ts'
import { bar, clock, describeReading } from './progress-text.ts'

/** As many jobs are shown with their steps; more get a line each. */
const WITH_STEPS = 2
/** Of a list too long for the terminal the end is worth least. */
const MAX_JOBS = 12
const NAME_WIDTH = 10

/** On one line, whatever the page called it. */
export const nameOf = ({ source, id }: Job): string => plainText(source.title ?? source.url ?? source.file ?? id)

const SIGNS = { succeeded: '✓', failed: '✗', cancelled: '–', skipped: '–' } as const

const percentText = (percent: number | null): string =>
  percent === null ? '     ' : `${percent.toFixed(0).padStart(3)} %`

const percentOf = (step: Step, readings: readonly ProgressMessage[]): number | null => {
  const known = readings.flatMap(({ percent }) => percent ?? [])
  // Parts that have not spoken yet are part of the step's own figure only.
  if (readings.length !== 1 || known[0] === undefined) return step.percent
  return Math.max(known[0], step.percent ?? 0)
}

const stepLine = (step: Step, readings: readonly ProgressMessage[]): string => {
  const name = step.name.padEnd(NAME_WIDTH)
  // A step is told of as running when its worker has said so; its first readings may be quicker.
  if (step.state === 'running' || (step.state === 'queued' && readings.length > 0)) {
    const percent = percentOf(step, readings)
    const newest = readings.toSorted((a, b) => b.at - a.at)[0]
    const again = step.attempt > 1 ? `  try ${step.attempt}` : ''
    return `  ${name} ${bar(percent)} ${percentText(percent)}${again}  ${newest ? describeReading(newest) : ''}`
  }
  if (step.state === 'pending') return `  ${name}`
  if (step.state === 'queued') return `  ${name} waits for a free slot`
  const took = step.startedAt && step.endedAt ? `  ${clock(Date.parse(step.endedAt) - Date.parse(step.startedAt))}` : ''
  return `  ${name} ${SIGNS[step.state]} ${step.state}${took}`
}

const jobLine = (job: Job): string => {
  const waits = job.waitingFor === null ? '' : `, waits for ${job.waitingFor}`
  return `${bar(job.percent)} ${percentText(job.percent)}  ${nameOf(job)}  (${job.state}${waits})`
}

/** What would have to happen for it to go on. */
const reasonLines = ({ waitingFor, error }: Job): string[] =>
  waitingFor === null || error === null ? [] : [`  ${plainText(error.message)}`]

/** What the terminal shows of the jobs now, a string a line, none wider than the terminal. */
export const jobLines = (board: JobBoard, columns: number): string[] => {
  const jobs = board.jobs()
  const open = jobs.filter((job) => !isEnded(job.state))
  const lines = open.slice(0, MAX_JOBS).flatMap((job) => {
    if (open.length > WITH_STEPS) return [jobLine(job)]
    return [jobLine(job), ...reasonLines(job), ...job.steps.map((step) => stepLine(step, board.readings(job.id, step)))]
  })
  if (open.length > MAX_JOBS) lines.push(`… and ${open.length - MAX_JOBS} more`)
  if (jobs.length > 1) lines.push(`${jobs.length - open.length} of ${jobs.length} ended`)
  return lines.map((line) => line.slice(0, columns - 1))
}
