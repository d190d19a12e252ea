import type { Knex } from 'knex'
import { withCatalogErrors } from './database-errors.ts'
import { createLibraryPaths } from './library-paths.ts'
import { readPage } from './list-jobs.ts'
import type { MediaQueries } from './media.ts'
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
} from './media-row.ts'
import { whereMatches } from './search-text.ts'
import { transact } from './transact.ts'

interface MediaRemovalRecord {
  media_id: string
  paths: string
}

/** Rows in one statement: a stream of an hour has thousands of segments. */
const CHUNK = 100

/** The queries of the media tables. */
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
        // It was deleted and is made once more.
        await trx<MediaRemovalRecord>('media_removals').where({ media_id: media.id }).delete()
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
        const files = await trx<MediaFileRecord>('media_files').where({ media_id: id }).select('library_path')
        const paths = files.map(({ library_path: path }) => path)
        if ((await trx<MediaRecord>('media').where({ id }).delete()) === 0) return null
        await trx<MediaRemovalRecord>('media_removals').insert({ media_id: id, paths: JSON.stringify(paths) })
        return { mediaId: id, paths }
      }),
    removalsLeft: async () => {
      const records = await knex<MediaRemovalRecord>('media_removals')
      return records.map(({ media_id: mediaId, paths }) => ({ mediaId, paths: JSON.parse(paths) as string[] }))
    },
    markRemoved: (mediaId) =>
      transact(knex, async (trx) => {
        // Where it is not there any more, the media is.
        const known = await trx<MediaRemovalRecord>('media_removals').where({ media_id: mediaId }).delete()
        if (known > 0) await trx('library_paths').where({ media_id: mediaId }).delete()
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
