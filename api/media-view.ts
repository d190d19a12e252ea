import type { MediaFileRow, MediaRow } from '../catalog/media.ts'
import type { Media, MediaFile } from '../contract/media.ts'
import { time } from './job-view.ts'
import type { Links } from './links.ts'

/** The media as clients see it, with `files` of it: all, or in lists those that a card shows. */
export const toMedia = (row: MediaRow, files: readonly MediaFileRow[], links: Links): Media => ({
  id: row.id,
  jobId: row.jobId,
  title: row.title,
  uploader: row.uploader,
  site: row.site,
  sourceUrl: row.sourceUrl,
  sourceId: row.sourceId,
  preset: row.preset,
  durationMs: row.durationMs,
  width: row.width,
  height: row.height,
  sizeBytes: row.sizeBytes,
  libraryPath: row.libraryPath,
  passthrough: row.passthrough,
  owner: row.owner,
  probe: row.probe,
  files: files.map((file) => toMediaFile(row.id, file, links)),
  createdAt: time(row.createdAt),
})

const toMediaFile = (mediaId: string, file: MediaFileRow, links: Links): MediaFile => ({
  path: file.path,
  role: file.role,
  contentType: file.contentType,
  sizeBytes: file.sizeBytes,
  sha256: file.sha256,
  width: file.width,
  height: file.height,
  url: links.file(mediaId, file.path),
})
