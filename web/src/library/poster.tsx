import type { Media, MediaFile } from '../../../contract/media.ts'
import { Icon } from '../design/icon.tsx'

/** `srcset` of the posters of one type; widths tell the browser which to take. */
const sourceSet = (files: readonly MediaFile[], contentType: string): string =>
  files
    .filter((file) => file.contentType === contentType && file.width !== null)
    .map((file) => `${file.url} ${file.width}w`)
    .join(', ')

export const postersOf = (media: Media): MediaFile[] =>
  media.files.filter((file) => file.role === 'poster').toSorted((one, other) => (other.width ?? 0) - (one.width ?? 0))

interface PosterProps {
  media: Media
  /** How wide it is shown, as the `sizes` of an image. */
  sizes: string
}

/** The poster in the smallest fitting file; a sign where there is none. Decoration: the title stands beside it. */
export const Poster = ({ media, sizes }: PosterProps) => {
  const posters = postersOf(media)
  const fallback = posters.findLast((file) => file.contentType === 'image/jpeg') ?? posters.at(-1)
  if (!fallback) return <Icon name={media.preset === 'audio' ? 'sound' : 'film'} size={32} />
  return (
    <picture style={{ display: 'contents' }}>
      <source type="image/webp" srcSet={sourceSet(posters, 'image/webp')} sizes={sizes} />
      <img
        src={fallback.url}
        srcSet={sourceSet(posters, 'image/jpeg')}
        sizes={sizes}
        alt=""
        loading="lazy"
        decoding="async"
        style={{ width: '100%', height: '100%', objectFit: 'cover' }}
      />
    </picture>
  )
}
