import type { Job } from '../../../contract/jobs.ts'
import { Icon } from '../design/icon.tsx'
import { useMedia } from '../library/media-queries.ts'
import { Poster } from '../library/poster.tsx'
import styles from './job-poster.module.css'

const Placeholder = ({ job }: { job: Job }) => (
  <div className={styles.frame} data-state={job.state}>
    <Icon name={job.preset === 'audio' ? 'sound' : 'film'} size={26} />
  </div>
)

const Filled = ({ job, mediaId }: { job: Job; mediaId: string }) => {
  const media = useMedia(mediaId)
  if (!media.data) return <Placeholder job={job} />
  return (
    <div className={styles.frame}>
      <Poster media={media.data} sizes="(max-width: 40rem) 6rem, 9rem" />
    </div>
  )
}

/** A small picture of what the job has made, or a sign of what it will. */
export const JobPoster = ({ job }: { job: Job }) => {
  const mediaId = job.result?.mediaIds[0]
  return mediaId ? <Filled job={job} mediaId={mediaId} /> : <Placeholder job={job} />
}
