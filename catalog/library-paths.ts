import type { Knex } from 'knex'
import { isDuplicate } from './database-errors.ts'
import { hashOf } from './hash.ts'
import type { MediaQueries } from './media.ts'

interface LibraryPathRecord {
  path_key: string
  media_id: string
  path: string
}

/** Names that a file system without case, or with another Unicode form, takes for one. */
const pathKeyOf = (path: string): string => hashOf(path.normalize('NFC').toLowerCase().normalize('NFC'))

/** Who has which path of the library; taken before anything is written there, so that two media never meet. */
export const createLibraryPaths = (knex: Knex): Pick<MediaQueries, 'reserveLibraryPath' | 'releaseLibraryPath'> => ({
  reserveLibraryPath: async (mediaId, candidate) => {
    for (let attempt = 1; ; attempt += 1) {
      const own = await knex<LibraryPathRecord>('library_paths').where({ media_id: mediaId }).first()
      if (own !== undefined) return own.path
      const path = candidate(attempt)
      try {
        await knex<LibraryPathRecord>('library_paths').insert({ path_key: pathKeyOf(path), media_id: mediaId, path })
        return path
      } catch (error) {
        // Another media has this path, or another attempt at this media was faster: the next round tells.
        if (!isDuplicate(error)) throw error
      }
    }
  },
  releaseLibraryPath: async (mediaId) => {
    await knex<LibraryPathRecord>('library_paths').where({ media_id: mediaId }).delete()
  },
})
