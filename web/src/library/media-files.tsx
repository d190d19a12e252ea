import type { FileRole, Media, MediaFile } from '../../../contract/media.ts'
import { Icon } from '../design/icon.tsx'
import { formatBytes } from '../design/units.ts'
import styles from './media-files.module.css'

const ROLE_WORDS: Record<FileRole, string> = {
  main: 'Main file',
  source: 'Source',
  hls: 'HLS manifest',
  dash: 'DASH manifest',
  segment: 'Segment',
  poster: 'Poster',
  storyboard: 'Storyboard',
  'storyboard-image': 'Storyboard picture',
  probe: 'Probe',
  manifest: 'Manifest',
  checksums: 'Checksums',
}

const FileRow = ({ file }: { file: MediaFile }) => (
  <tr>
    <td>
      <a href={file.url} download className={styles.path}>
        <Icon name="download" size={15} />
        {file.path}
      </a>
    </td>
    <td>{ROLE_WORDS[file.role]}</td>
    <td className={styles.shape}>{file.width !== null && `${file.width}×${file.height}`}</td>
    <td className={styles.size}>{formatBytes(file.sizeBytes)}</td>
  </tr>
)

const FileTable = ({ files, caption }: { files: readonly MediaFile[]; caption: string }) => (
  <table className={styles.files}>
    <caption className="visually-hidden">{caption}</caption>
    <thead className="visually-hidden">
      <tr>
        <th scope="col">File</th>
        <th scope="col">What it is</th>
        <th scope="col">Pixels</th>
        <th scope="col">Size</th>
      </tr>
    </thead>
    <tbody>
      {files.map((file) => (
        <FileRow key={file.path} file={file} />
      ))}
    </tbody>
  </table>
)

/** All files with their sizes, each a download. Segments, often hundreds, are folded away. */
export const MediaFiles = ({ media }: { media: Media }) => {
  const segments = media.files.filter((file) => file.role === 'segment')
  return (
    <div>
      <FileTable files={media.files.filter((file) => file.role !== 'segment')} caption="Files" />
      {segments.length > 0 && (
        <details className={styles.more}>
          <summary>{segments.length} segments and playlists of the stream</summary>
          <FileTable files={segments} caption="Segments" />
        </details>
      )}
    </div>
  )
}
