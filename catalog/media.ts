import type { Knex } from 'knex'
import type { FileRole, ProbeSummary } from '../contract/media.ts'
import type { PresetName } from '../contract/presets.ts'
import type { Page } from './jobs.ts'

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

export interface MediaListRequest {
  /** Null: everybody's. */
  owner: string | null
  /** Words searched for in title, uploader and site, whatever their case. */
  q?: string | undefined
  preset?: PresetName | undefined
  /** 1–200. */
  limit: number
  cursor?: string | undefined
}

/** Everything that is asked of the media tables. All of it throws SluiceError `CatalogBusy` when the database is locked or away. */
export interface MediaQueries {
  /** One transaction; a second call with the same id replaces the first. */
  insert(media: MediaWithFiles): Promise<void>
  get(id: string): Promise<MediaWithFiles | null>
  getFile(id: string, path: string): Promise<MediaFileRow | null>
  /** Newest first. @throws SluiceError InvalidRequest for a cursor that this list did not give. */
  list(request: MediaListRequest): Promise<Page<MediaRow>>
  /** False where there was none. Frees the library path too. */
  remove(id: string): Promise<boolean>
  /** The newest media of this source made with the same settings for this owner. */
  findReusable(source: {
    owner: string
    sourceKey: string
    preset: PresetName
    settingsKey: string
  }): Promise<MediaRow | null>
  /**
   * Sets a free path under the library aside for a media; a second call for the same media gives the same path.
   * `candidate(1)` is the plain name, `candidate(2)` … carry a suffix. Paths that differ only in case or in Unicode form count
   * as the same, as they are on many file systems.
   */
  reserveLibraryPath(mediaId: string, candidate: (attempt: number) => string): Promise<string>
  /** For a media that is not going to be published. */
  releaseLibraryPath(mediaId: string): Promise<void>
}

export const createMediaQueries = (_knex: Knex): MediaQueries => {
  throw new Error('not written yet')
}
