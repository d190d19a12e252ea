import type { Knex } from 'knex'
import type { FileRole } from '../contract/media.ts'
import type { PresetName } from '../contract/presets.ts'
import { withCatalogErrors } from './database-errors.ts'
import type { Page } from './jobs.ts'
import { createLibraryPaths } from './library-paths.ts'
import { readPage } from './list-jobs.ts'
import {
  filePathKey,
  reuseKeyOf,
  toMediaFileRecord,
  toMediaFileRow,
  toMediaRecord,
  toMediaRow,
  type MediaFileRecord,
  type MediaFileRow,
  type MediaRecord,
  type MediaRow,
  type MediaWithFiles,
} from './media-row.ts'
import { whereMatches } from './search-text.ts'
import { transact } from './transact.ts'

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
  /** False where there was none. Frees the library path too. */
  remove(id: string): Promise<boolean>
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

/** Rows in one statement: a stream of an hour has thousands of segments. */
const CHUNK = 100

export const createMediaQueries = (knex: Knex): MediaQueries => {
  const filesOf = async (id: string): Promise<MediaFileRow[]> => {
    const records = await knex<MediaFileRecord>('media_files').where({ media_id: id }).orderBy('position')
    return records.map(toMediaFileRow)
  }

  return withCatalogErrors<MediaQueries>({
    ...createLibraryPaths(knex),
    insert: ({ files, ...media }) =>
      transact(knex, async (trx) => {
        await trx<MediaRecord>('media').where({ id: media.id }).delete()
        await trx<MediaRecord>('media').insert(toMediaRecord(media))
        const records = files.map((file, position) => toMediaFileRecord(media.id, file, position))
        await trx.batchInsert('media_files', records, CHUNK)
      }),
    get: async (id) => {
      const record = await knex<MediaRecord>('media').where({ id }).first()
      return record === undefined ? null : { ...toMediaRow(record), files: await filesOf(id) }
    },
    filesByRole: async (ids, roles) => {
      const found = new Map(ids.map((id): [string, MediaFileRow[]] => [id, []]))
      const records = await knex<MediaFileRecord>('media_files')
        .whereIn('media_id', ids)
        .whereIn('role', roles)
        .orderBy('position')
      for (const record of records) found.get(record.media_id)?.push(toMediaFileRow(record))
      return found
    },
    getFile: async (id, path) => {
      const file = await knex<MediaFileRecord>('media_files')
        .where({ media_id: id, path_key: filePathKey(path) })
        .first()
      return file === undefined ? null : toMediaFileRow(file)
    },
    list: async ({ owner, q, preset, limit, cursor }) => {
      const query = knex<MediaRecord>('media')
      if (owner !== null) query.where({ owner })
      if (preset !== undefined) query.where({ preset })
      if (q !== undefined) whereMatches(query, q)
      const page = await readPage<MediaRecord>(query, { order: '-createdAt', limit, cursor })
      return { items: page.items.map(toMediaRow), nextCursor: page.nextCursor }
    },
    remove: (id) =>
      transact(knex, async (trx) => {
        await trx('library_paths').where({ media_id: id }).delete()
        return (await trx<MediaRecord>('media').where({ id }).delete()) > 0
      }),
    findReusable: async (source) => {
      const record = await knex<MediaRecord>('media')
        .where({ reuse_key: reuseKeyOf(source) })
        .orderBy('created_at', 'desc')
        .first()
      return record === undefined ? null : toMediaRow(record)
    },
  })
}
