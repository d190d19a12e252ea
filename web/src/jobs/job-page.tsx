import { Link, useLocation } from 'wouter'
import { isEnded } from '../../../contract/names.ts'
import { buttonClass } from '../design/button.tsx'
import { Card } from '../design/card.tsx'
import { Icon } from '../design/icon.tsx'
import { Notice } from '../design/notice.tsx'
import { PageTitle } from '../design/page-title.tsx'
import { ProgressBar } from '../design/progress-bar.tsx'
import { formatPercent } from '../design/units.ts'
import { useLiveJob } from '../live/live-provider.tsx'
import type { LiveJob } from '../live/live-state.ts'
import { JobActions } from './job-actions.tsx'
import { JobFacts } from './job-facts.tsx'
import styles from './job-page.module.css'
import { JobPoster } from './job-poster.tsx'
import { useLoadedJob } from './job-queries.ts'
import { activityOf, barTone, titleOf } from './job-wording.ts'
import { StateBadge } from './state-badge.tsx'
import { StepTimeline } from './step-timeline.tsx'

const Header = ({ live: { job } }: { live: LiveJob }) => {
  const [, navigate] = useLocation()
  const title = titleOf(job)
  return (
    <header className={styles.header}>
      {job.result?.mediaIds[0] && (
        <div className={styles.poster}>
          <JobPoster job={job} />
        </div>
      )}
      <div className={styles.words}>
        <div className={styles.badges}>
          <StateBadge state={job.state} />
          {!isEnded(job.state) && <span>{activityOf(job)}</span>}
        </div>
        <PageTitle name={title} />
        {!isEnded(job.state) && (
          <div className={styles.overall}>
            <ProgressBar percent={job.percent} tone={barTone(job.state)} label={`All of ${title}`} />
            <span>{job.percent === null ? '' : formatPercent(job.percent)}</span>
          </div>
        )}
        <div className={styles.actions}>
          <JobActions job={job} onDeleted={() => navigate('/')} />
          <a className={buttonClass} href={job.links.temporal} target="_blank" rel="noreferrer">
            <Icon name="outward" size={16} /> Open in Temporal
          </a>
        </div>
      </div>
    </header>
  )
}

export const JobPage = ({ id }: { id: string }) => {
  const query = useLoadedJob(id)
  const live = useLiveJob(id)
  if (!live) {
    return query.isPending ? (
      <p role="status">Loading the job…</p>
    ) : (
      <>
        <PageTitle name="Job" hidden />
        <Notice icon="alert" title={query.error?.message ?? 'This job was deleted.'}>
          <Link href="/">All jobs</Link>
        </Notice>
      </>
    )
  }
  const { job } = live
  return (
    <article className={styles.page} data-testid="job-page" data-state={job.state}>
      <Header live={live} />
      {job.error && (
        <div className={styles.error}>
          <Icon name="alert" />
          <div>
            <p>
              <strong>{job.error.message}</strong>
            </p>
            <p>{job.error.help}</p>
            <p className={styles.code}>
              <code>{job.error.code}</code>
            </p>
          </div>
        </div>
      )}
      <div className={styles.columns}>
        <Card title="Steps">
          {job.steps.length === 0 ? <p>The steps are known once the job has started.</p> : <StepTimeline live={live} />}
        </Card>
        <Card title="Details">
          <JobFacts job={job} />
        </Card>
      </div>
    </article>
  )
}
