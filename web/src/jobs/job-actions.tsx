import { useState } from 'react'
import { Link } from 'wouter'
import type { Job } from '../../../contract/jobs.ts'
import { isEnded, RETRYABLE_STATES } from '../../../contract/names.ts'
import { Button, buttonClass } from '../design/button.tsx'
import { ConfirmDialog } from '../design/confirm-dialog.tsx'
import { Icon } from '../design/icon.tsx'
import styles from './job-actions.module.css'
import { useDeleteJob, useJobAction } from './job-queries.ts'
import { titleOf } from './job-wording.ts'

const mayRetry = (job: Job): boolean => RETRYABLE_STATES.some((state) => state === job.state)

/** What the job's state allows. `onDeleted`: where to go when the job is gone from under the page. */
export const JobActions = ({ job, onDeleted }: { job: Job; onDeleted?: () => void }) => {
  const cancel = useJobAction('cancel')
  const retry = useJobAction('retry')
  const remove = useDeleteJob()
  const [asking, setAsking] = useState(false)
  const about = titleOf(job)
  const failure = cancel.error ?? retry.error
  const mediaId = job.result?.mediaIds[0]

  return (
    <div className={styles.actions}>
      {mediaId && (
        <Link href={`/library/${mediaId}`} className={buttonClass} data-look="primary">
          <Icon name="play" size={14} />
          Play<span className="visually-hidden"> {about}</span>
        </Link>
      )}
      {!isEnded(job.state) && (
        <Button
          icon="cancel"
          about={about}
          disabled={job.cancelRequested || cancel.isPending}
          onClick={() => cancel.mutate(job.id)}
        >
          {job.cancelRequested ? 'Cancelling' : 'Cancel'}
        </Button>
      )}
      {mayRetry(job) && (
        <Button icon="retry" about={about} disabled={retry.isPending} onClick={() => retry.mutate(job.id)}>
          Retry
        </Button>
      )}
      {isEnded(job.state) && (
        <Button look="quiet" icon="trash" about={about} onClick={() => setAsking(true)}>
          Delete
        </Button>
      )}
      {failure && (
        <p role="alert" className={styles.failure}>
          {failure.message}
        </p>
      )}
      <ConfirmDialog
        open={asking}
        title="Delete this job?"
        action="Delete job"
        busy={remove.isPending}
        error={remove.error?.message ?? null}
        onClose={() => setAsking(false)}
        onConfirm={() => remove.mutate(job.id, { onSuccess: () => onDeleted?.() })}
      >
        <p>“{about}” goes from the list with its history. Media that it has made stay in the library.</p>
      </ConfirmDialog>
    </div>
  )
}
