import { Button } from '../design/button.tsx'
import { Notice } from '../design/notice.tsx'
import { PageTitle } from '../design/page-title.tsx'
import { JobFilters, useJobFilter } from './job-filters.tsx'
import { useJobList } from './job-queries.ts'
import { JobRow } from './job-row.tsx'
import styles from './jobs-page.module.css'
import { SubmitForm } from './submit-form.tsx'

export const JobsPage = () => {
  const [filter, change] = useJobFilter()
  const { jobs, query } = useJobList(filter)
  const isFiltered = filter.group !== null || filter.q !== ''
  return (
    <div className={styles.page}>
      <PageTitle name="Jobs" hidden />
      <SubmitForm />
      <section className={styles.list} aria-labelledby="jobs-heading">
        <div className={styles.bar}>
          <h2 id="jobs-heading">Jobs</h2>
          <JobFilters filter={filter} change={change} />
        </div>
        {query.error && (
          <Notice icon="alert" title="The list could not be loaded">
            <p role="alert">{query.error.message}</p>
            <Button icon="retry" onClick={() => void query.refetch()}>
              Try again
            </Button>
          </Notice>
        )}
        {jobs.length === 0 && query.isSuccess && (
          <Notice icon="film" title={isFiltered ? 'No job fits this filter' : 'No jobs yet'}>
            {!isFiltered && <p>Put the address of a video above, and watch it go through.</p>}
          </Notice>
        )}
        <ol className={styles.rows} aria-busy={query.isPending}>
          {jobs.map((job) => (
            <JobRow key={job.id} id={job.id} />
          ))}
        </ol>
        {query.hasNextPage && (
          <Button disabled={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>
            {query.isFetchingNextPage ? 'Loading…' : 'Load more'}
          </Button>
        )}
      </section>
    </div>
  )
}
