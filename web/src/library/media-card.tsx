import { Link } from 'wouter'
import type { Media } from '../../../contract/media.ts'
import { PRESETS } from '../../../contract/presets.ts'
import { formatClock } from '../design/units.ts'
import styles from './media-card.module.css'
import { Poster } from './poster.tsx'

export const MediaCard = ({ media }: { media: Media }) => (
  <li className={styles.card} data-testid="media" data-media={media.id}>
    <div className={styles.frame}>
      <Poster media={media} sizes="(max-width: 40rem) 50vw, 17rem" />
      {media.durationMs !== null && <span className={styles.duration}>{formatClock(media.durationMs)}</span>}
    </div>
    <h2 className={styles.title}>
      <Link href={`/library/${media.id}`}>{media.title}</Link>
    </h2>
    <p className={styles.facts}>
      {[media.uploader, PRESETS[media.preset].title, media.height === null ? null : `${media.width}×${media.height}`]
        .filter((word) => word !== null)
        .join(' · ')}
    </p>
  </li>
)
