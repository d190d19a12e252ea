import { lazy, Suspense, useState } from 'react'
import { Link, useLocation } from 'wouter'
import type { Media } from '../../../contract/media.ts'
import { Button } from '../design/button.tsx'
import { Card } from '../design/card.tsx'
import { ConfirmDialog } from '../design/confirm-dialog.tsx'
import { Notice } from '../design/notice.tsx'
import { PageTitle } from '../design/page-title.tsx'
import { formatBytes, formatClock } from '../design/units.ts'
import { MediaDetails } from './media-details.tsx'
import { MediaFiles } from './media-files.tsx'
import styles from './media-page.module.css'
import { useDeleteMedia, useMedia } from './media-queries.ts'

const Player = lazy(() => import('./player.tsx').then(({ Player: Component }) => ({ default: Component })))

const DeleteMedia = ({ media }: { media: Media }) => {
  const [asking, setAsking] = useState(false)
  const [, navigate] = useLocation()
  const remove = useDeleteMedia()
  return (
    <>
      <Button look="danger" icon="trash" onClick={() => setAsking(true)}>
        Delete
      </Button>
      <ConfirmDialog
        open={asking}
        title="Delete this media?"
        action="Delete media"
        busy={remove.isPending}
        error={remove.error?.message ?? null}
        onClose={() => setAsking(false)}
        onConfirm={() => remove.mutate(media, { onSuccess: () => navigate('/library') })}
      >
        <p>
          All files of “{media.title}” ({formatBytes(media.sizeBytes)}) go from the disk. This cannot be undone.
        </p>
      </ConfirmDialog>
    </>
  )
}

const Loaded = ({ media }: { media: Media }) => (
  <article className={styles.page}>
    <Suspense fallback={<div className={styles.waiting} role="status" aria-label="Loading the player" />}>
      <Player media={media} />
    </Suspense>
    <header className={styles.header}>
      <div>
        <PageTitle name={media.title} />
        <p className={styles.facts}>
          {[media.uploader, media.site, media.durationMs === null ? null : formatClock(media.durationMs)]
            .filter((word) => word !== null)
            .join(' · ')}
        </p>
      </div>
      <DeleteMedia media={media} />
    </header>
    <div className={styles.columns}>
      <Card title="Files">
        <MediaFiles media={media} />
      </Card>
      <Card title="Details">
        <MediaDetails media={media} />
      </Card>
    </div>
  </article>
)

export const MediaPage = ({ id }: { id: string }) => {
  const media = useMedia(id)
  if (media.data) return <Loaded key={id} media={media.data} />
  if (media.isPending) return <p role="status">Loading…</p>
  return (
    <>
      <PageTitle name="Library" hidden />
      <Notice icon="alert" title={media.error.message}>
        <Link href="/library">The library</Link>
      </Notice>
    </>
  )
}
