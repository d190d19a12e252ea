import type { FileRole } from '../contract/media.ts'
import type { PresetName } from '../contract/presets.ts'
import type { Page } from './jobs.ts'
import type { MediaFileRow, MediaRow, MediaWithFiles } from './media-row.ts'

export type { MediaFileRow, MediaRow, MediaWithFiles } from './media-row.ts'

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

/** A deleted media whose files may still be there. */
export interface MediaRemoval {
  mediaId: string
  /** Of its files, under the library. */
  paths: string[]
}

/** Everything that is asked of the media tables. All of it throws SluiceError `CatalogBusy` when the database is locked or away. */
export interface MediaQueries {
  /** One transaction; a second call with the same id replaces the first. */
  insert(media: MediaWithFiles): Promise<void>
  get(id: string): Promise<MediaWithFiles | null>
  /** Of several media the files of these roles, by the media's id; the rest of a long stream's thousands stays unread. */
  filesByRole(ids: string[], roles: readonly FileRole[]): Promise<Map<string, MediaFileRow[]>>
  getFile(id: string, path: string): Promise<MediaFileRow | null>
  /** Newest first. @throws SluiceError InvalidRequest for a cursor that this list did not give. */
  list(request: MediaListRequest): Promise<Page<MediaRow>>
  /** Null where there was none. Its files are to be removed then; what is left of that is kept in mind, and the path kept, until {@link markRemoved}. */
  remove(id: string): Promise<MediaRemoval | null>
  /** Deleted media whose files may still be there. */
  removalsLeft(): Promise<MediaRemoval[]>
  /** The files of a deleted media are gone: its library path is free. */
  markRemoved(mediaId: string): Promise<void>
  /** The newest media of this source made with the same settings for this owner. */
  findReusable(source: Pick<MediaRow, 'owner' | 'sourceKey' | 'preset' | 'settingsKey'>): Promise<MediaRow | null>
  /**
   * Sets a free path under the library aside for a media; a second call for the same media gives the same path.
   * `candidate(1)` is the plain name, `candidate(2)` … carry a suffix. Paths that differ only in case or in Unicode form count
   * as the same, as they are on many file systems.
   */
  reserveLibraryPath(mediaId: string, candidate: (attempt: number) => string): Promise<string>
  /** For a media that is not going to be published. */
  releaseLibraryPath(mediaId: string): Promise<void>
}
