import { memo } from 'react'
import { Link } from 'wouter'
import { isEnded } from '../../../contract/names.ts'
import { PRESETS } from '../../../contract/presets.ts'
import { ProgressBar } from '../design/progress-bar.tsx'
import { TimeAgo } from '../design/time-ago.tsx'
import { formatPercent } from '../design/units.ts'
import { useLiveJob } from '../live/live-provider.tsx'
import type { LiveJob } from '../live/live-state.ts'
import { JobActions } from './job-actions.tsx'
import { JobPoster } from './job-poster.tsx'
import styles from './job-row.module.css'
import { activityOf, barTone, currentStep, paceOf, slowestReading, STEP_WORDS, titleOf } from './job-wording.ts'
import { StateBadge } from './state-badge.tsx'

/** What the job is at now: its step, how far that is, how fast, and how long it will take. */
const Activity = ({ live: { job, readings } }: { live: LiveJob }) => {
  const step = currentStep(job)
  const reading = step?.state === 'running' ? slowestReading(readings, step) : null
  const percent = reading?.percent ?? step?.percent ?? null
  return (
    <div className={styles.activity}>
      <span className={styles.step}>
        {activityOf(job)}
        {reading?.part && <span className={styles.part}> {reading.part}</span>}
      </span>
      {step?.state === 'running' && !job.cancelRequested && (
        <>
          <span className={styles.stepBar}>
            <ProgressBar thin percent={percent} label={`${STEP_WORDS[step.name].title} of ${titleOf(job)}`} />
          </span>
          <span className={styles.pace}>
            {[percent === null ? null : formatPercent(percent), ...(reading ? paceOf(reading) : [])]
              .filter((words) => words !== null)
              .join(' · ')}
          </span>
        </>
      )}
    </div>
  )
}

const Failure = ({ live: { job } }: { live: LiveJob }) =>
  job.error && (
    <p className={styles.failure}>
      <strong>{job.error.message}</strong> {job.error.help}
    </p>
  )

/** Renders again with its own job alone, however often the list around it does. */
export const JobRow = memo(({ id }: { id: string }) => {
  const live = useLiveJob(id)
  if (!live) return null
  const { job } = live
  const title = titleOf(job)
  return (
    <li>
      <article
        className={styles.row}
        aria-labelledby={`job-${id}`}
        data-testid="job"
        data-job={id}
        data-state={job.state}
      >
        <div className={styles.poster}>
          <JobPoster job={job} />
        </div>
        <div className={styles.body}>
          <div className={styles.heading}>
            <h3 id={`job-${id}`} className={styles.title}>
              <Link href={`/jobs/${id}`}>{title}</Link>
            </h3>
            <StateBadge state={job.state} />
          </div>
          <p className={styles.facts}>
            <span>{PRESETS[job.preset].title}</span>
            {job.source.site && <span>{job.source.site}</span>}
            <TimeAgo time={job.createdAt} />
            {job.run > 1 && <span>run {job.run}</span>}
            {job.result?.reused && <span>already in the library</span>}
          </p>
          {!isEnded(job.state) && (
            <div className={styles.overall}>
              <ProgressBar
                percent={job.state === 'accepted' ? 0 : job.percent}
                tone={barTone(job.state)}
                label={`All of ${title}`}
              />
              <span className={styles.percent}>{job.percent === null ? '' : formatPercent(job.percent)}</span>
            </div>
          )}
          {!isEnded(job.state) && <Activity live={live} />}
          <Failure live={live} />
        </div>
        <div className={styles.actions}>
          <JobActions job={job} />
        </div>
      </article>
    </li>
  )
})
