import { useState } from 'react'
import { Link } from 'wouter'
import type { Job } from '../../../contract/jobs.ts'
import { isEnded, RETRYABLE_STATES } from '../../../contract/names.ts'
import { Button, buttonClass } from '../design/button.tsx'
import { ConfirmDialog } from '../design/confirm-dialog.tsx'
import { Icon, type IconName } from '../design/icon.tsx'
import type { Action } from '../http/jobs.ts'
import styles from './job-actions.module.css'
import { useDeleteJob, useJobAction } from './job-queries.ts'
import { isHeld, titleOf } from './job-wording.ts'

const mayRetry = (job: Job): boolean => RETRYABLE_STATES.some((state) => state === job.state)

/** What the job's state allows. `onDeleted`: where to go when the job is gone from under the page. */
export const JobActions = ({ job, onDeleted }: { job: Job; onDeleted?: () => void }) => {
  const act = useJobAction(job.id)
  const remove = useDeleteJob()
  const [asking, setAsking] = useState(false)
  const about = titleOf(job)
  const mediaId = job.result?.mediaIds[0]
  const isLive = !isEnded(job.state)
  const button = (action: Action, icon: IconName, words: string, disabled = false) => (
    <Button icon={icon} about={about} disabled={disabled || act.isPending} onClick={() => act.mutate(action)}>
      {words}
    </Button>
  )

  return (
    <div className={styles.actions}>
      {mediaId && (
        <Link href={`/library/${mediaId}`} className={buttonClass} data-look="primary">
          <Icon name="play" size={14} />
          Play<span className="visually-hidden"> {about}</span>
        </Link>
      )}
      {isLive &&
        !job.cancelRequested &&
        (isHeld(job) ? button('resume', 'play', 'Resume') : button('pause', 'pause', 'Pause'))}
      {isLive && button('cancel', 'cancel', job.cancelRequested ? 'Cancelling' : 'Cancel', job.cancelRequested)}
      {mayRetry(job) && button('retry', 'retry', 'Retry')}
      {!isLive && (
        <Button look="quiet" icon="trash" about={about} onClick={() => setAsking(true)}>
          Delete
        </Button>
      )}
      {act.error && (
        <p role="alert" className={styles.failure}>
          {act.error.message}
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
