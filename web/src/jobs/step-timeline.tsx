import type { Job, Step } from '../../../contract/jobs.ts'
import type { StepState } from '../../../contract/names.ts'
import type { ProgressMessage } from '../../../contract/socket.ts'
import { Icon, type IconName } from '../design/icon.tsx'
import { ProgressBar } from '../design/progress-bar.tsx'
import { formatAmount, formatPercent, formatSpan } from '../design/units.ts'
import { useNow } from '../design/use-now.ts'
import type { LiveJob } from '../live/live-state.ts'
import { isHeld, paceOf, STEP_WORDS, stepWords } from './job-wording.ts'
import styles from './step-timeline.module.css'

const STEP_ICONS: Record<StepState, IconName | null> = {
  pending: null,
  queued: 'clock',
  running: null,
  succeeded: 'check',
  failed: 'alert',
  skipped: 'skip',
  cancelled: 'cancel',
}

const amounts = (reading: ProgressMessage): string | null => {
  if (reading.done === 0 && reading.total === null) return null
  const done = formatAmount(reading.unit, reading.done)
  return reading.total === null ? done : `${done} of ${formatAmount(reading.unit, reading.total)}`
}

const Reading = ({ reading, title }: { reading: ProgressMessage; title: string }) => (
  <li className={styles.reading}>
    {reading.part && <span className={styles.part}>{reading.part}</span>}
    <ProgressBar thin percent={reading.percent} label={`${title} ${reading.part ?? ''}`} />
    <span className={styles.numbers}>
      {[reading.percent === null ? null : formatPercent(reading.percent), amounts(reading), ...paceOf(reading)]
        .filter((words) => words !== null)
        .join(' · ')}
    </span>
  </li>
)

/** How long the step has taken; a running one is counted on. */
const spanOf = (step: Step, now: number): string | null => {
  if (step.startedAt === null) return null
  const end = step.endedAt === null ? now : Date.parse(step.endedAt)
  return formatSpan(end - Date.parse(step.startedAt))
}

interface StepItemProps {
  job: Job
  step: Step
  readings: readonly ProgressMessage[]
  now: number
}

const StepItem = ({ job, step, readings, now }: StepItemProps) => {
  const { state, words: stateWords } = stepWords(job, step)
  const words = STEP_WORDS[step.name]
  const icon = STEP_ICONS[state]
  const span = step.state === 'skipped' ? null : spanOf(step, now)
  return (
    <li className={styles.step} data-state={state} data-step={step.name}>
      <span className={styles.sign}>{icon && <Icon name={icon} size={15} />}</span>
      <div className={styles.content}>
        <div className={styles.heading}>
          <h3>{words.title}</h3>
          <span className={styles.state}>
            {stateWords}
            {step.attempt > 1 && !isHeld(job) && `, attempt ${step.attempt}`}
          </span>
          {span && <span className={styles.span}>{span}</span>}
        </div>
        <p className={styles.does}>{words.does}</p>
        {step.state === 'running' && readings.length === 0 && (
          <ProgressBar thin percent={step.percent} label={words.title} />
        )}
        {step.state === 'running' && readings.length > 0 && (
          <ul className={styles.readings}>
            {readings.map((reading) => (
              <Reading key={reading.part} reading={reading} title={words.title} />
            ))}
          </ul>
        )}
        {step.error && (
          <p className={styles.error}>
            <strong>{step.error.message}</strong> {step.error.help}
          </p>
        )}
      </div>
    </li>
  )
}

const byPart = (one: ProgressMessage, other: ProgressMessage): number =>
  (one.part ?? '').localeCompare(other.part ?? '', 'en', { numeric: true })

const isMoving = (job: Job): boolean => job.steps.some((step) => step.state === 'running')

/** The steps of a job in order, each with what is known of it; parts that run side by side have a bar each. */
export const StepTimeline = ({ live: { job, readings } }: { live: LiveJob }) => {
  const now = useNow(isMoving(job) ? 1000 : null)
  return (
    <ol className={styles.steps}>
      {job.steps.map((step) => (
        <StepItem
          key={step.name}
          job={job}
          step={step}
          now={now}
          readings={readings.filter((reading) => reading.step === step.name).toSorted(byPart)}
        />
      ))}
    </ol>
  )
}
