import type { FileRole, ProbeSummary } from '../contract/media.ts'
import type { PresetName } from '../contract/presets.ts'
import { hashOf } from './hash.ts'
import { searchText } from './search-text.ts'

/** A file of a media as the catalog knows it. */
export interface MediaFileRow {
  /** Path within the media, with forward slashes. */
  path: string
  /** Path under the library folder, with forward slashes. */
  libraryPath: string
  role: FileRole
  contentType: string
  sizeBytes: number
  sha256: string | null
  width: number | null
  height: number | null
}

/** One media. Times are epoch milliseconds. */
export interface MediaRow {
  id: string
  jobId: string
  owner: string
  title: string
  uploader: string | null
  site: string | null
  sourceUrl: string | null
  sourceId: string
  /** Extractor and id, or the address of a plain file. */
  sourceKey: string
  preset: PresetName
  /** Of the options that change the outcome, as any string. */
  settingsKey: string
  durationMs: number | null
  width: number | null
  height: number | null
  sizeBytes: number
  libraryPath: string
  passthrough: string | null
  probe: ProbeSummary | null
  createdAt: number
}
export interface MediaWithFiles extends MediaRow {
  files: MediaFileRow[]
}

/** Columns of `media`. */
export interface MediaRecord {
  id: string
  job_id: string
  owner: string
  title: string
  uploader: string | null
  site: string | null
  search_text: string
  source_url: string | null
  source_id: string
  source_key: string
  preset: string
  reuse_key: string
  settings_key: string
  duration_ms: number | null
  width: number | null
  height: number | null
  size_bytes: number
  library_path: string
  passthrough: string | null
  probe: string | null
  created_at: number
}

/** Columns of `media_files`. */
export interface MediaFileRecord {
  media_id: string
  path_key: string
  /** The order in which the files were given. */
  position: number
  path: string
  library_path: string
  role: string
  content_type: string
  size_bytes: number
  sha256: string | null
  width: number | null
  height: number | null
}

/** Media with the same key can stand in for each other. */
export const reuseKeyOf = (media: Pick<MediaRow, 'owner' | 'sourceKey' | 'preset' | 'settingsKey'>): string =>
  hashOf(media.owner, media.sourceKey, media.preset, media.settingsKey)

export const filePathKey = (path: string): string => hashOf(path)

/** What is in these columns was written by {@link toMediaRecord}: it is trusted to have the types it had then. */
export const toMediaRow = (record: MediaRecord): MediaRow => ({
  id: record.id,
  jobId: record.job_id,
  owner: record.owner,
  title: record.title,
  uploader: record.uploader,
  site: record.site,
  sourceUrl: record.source_url,
  sourceId: record.source_id,
  sourceKey: record.source_key,
  preset: record.preset as PresetName,
  settingsKey: record.settings_key,
  durationMs: record.duration_ms,
  width: record.width,
  height: record.height,
  sizeBytes: record.size_bytes,
  libraryPath: record.library_path,
  passthrough: record.passthrough,
  probe: record.probe === null ? null : (JSON.parse(record.probe) as ProbeSummary),
  createdAt: record.created_at,
})

export const toMediaRecord = (media: MediaRow): MediaRecord => ({
  id: media.id,
  job_id: media.jobId,
  owner: media.owner,
  title: media.title,
  uploader: media.uploader,
  site: media.site,
  search_text: searchText([media.title, media.uploader, media.site]),
  source_url: media.sourceUrl,
  source_id: media.sourceId,
  source_key: media.sourceKey,
  preset: media.preset,
  reuse_key: reuseKeyOf(media),
  settings_key: media.settingsKey,
  duration_ms: media.durationMs,
  width: media.width,
  height: media.height,
  size_bytes: media.sizeBytes,
  library_path: media.libraryPath,
  passthrough: media.passthrough,
  probe: media.probe === null ? null : JSON.stringify(media.probe),
  created_at: media.createdAt,
})

export const toMediaFileRow = (record: MediaFileRecord): MediaFileRow => ({
  path: record.path,
  libraryPath: record.library_path,
  role: record.role as FileRole,
  contentType: record.content_type,
  sizeBytes: record.size_bytes,
  sha256: record.sha256,
  width: record.width,
  height: record.height,
})

export const toMediaFileRecord = (mediaId: string, file: MediaFileRow, position: number): MediaFileRecord => ({
  media_id: mediaId,
  path_key: filePathKey(file.path),
  position,
  path: file.path,
  library_path: file.libraryPath,
  role: file.role,
  content_type: file.contentType,
  size_bytes: file.sizeBytes,
  sha256: file.sha256,
  width: file.width,
  height: file.height,
})
