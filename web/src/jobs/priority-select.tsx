import type { Job } from '../../../contract/jobs.ts'
import { PRIORITIES } from '../../../contract/names.ts'
import { usePriority } from './job-queries.ts'
import { titleOf } from './job-wording.ts'
import styles from './priority-select.module.css'

const WORDS: Record<number, string> = {
  [PRIORITIES.urgent]: 'urgent',
  [PRIORITIES.usual]: 'as usual',
  [PRIORITIES.last]: 'when there is time',
}

const CHOICES = Array.from({ length: PRIORITIES.last }, (_, index) => index + PRIORITIES.urgent)

const wordsOf = (priority: number): string => (WORDS[priority] ? `${priority}, ${WORDS[priority]}` : String(priority))

/** Of a job that has not ended: what waits is overtaken by what is more urgent. */
export const PrioritySelect = ({ job }: { job: Job }) => {
  const change = usePriority(job.id)
  return (
    <>
      <select
        className={styles.select}
        aria-label={`Priority of ${titleOf(job)}`}
        value={change.isPending ? change.variables : job.priority}
        disabled={job.cancelRequested}
        onChange={({ target }) => change.mutate(Number(target.value))}
      >
        {CHOICES.map((priority) => (
          <option key={priority} value={priority}>
            {wordsOf(priority)}
          </option>
        ))}
      </select>
      {change.error && (
        <p role="alert" className={styles.failure}>
          {change.error.message}
        </p>
      )}
    </>
  )
}
