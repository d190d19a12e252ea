import type { Knex } from 'knex'
import { ENDED_STATES, isEnded, JOB_STATES, type JobState } from '../contract/names.ts'
import type { JobResult } from '../contract/jobs.ts'
import type { StepRecord } from '../contract/steps.ts'
import { withCatalogErrors } from './database-errors.ts'
import type { JobRecord, JobRow } from './job-row.ts'
import { toMediaFileRow, toMediaRow, type MediaFileRecord, type MediaFileRow, type MediaRecord } from './media-row.ts'
import type { MediaWithFiles } from './media.ts'

export interface ReservedPath {
  mediaId: string
  path: string
}

/** Questions about the whole catalog, for checking it; what they read is never wholly in memory. Runs beside an instance. */
export interface CatalogAudit {
  /** False where there are no tables. */
  hasTables(): Promise<boolean>
  countMedia(): Promise<{ media: number; files: number; bytes: number }>
  /** Every media with its files, in pages. */
  mediaPages(): AsyncGenerator<MediaWithFiles[]>
  /** Every path under the library that the catalog lists, in pages. */
  filePathPages(): AsyncGenerator<string[]>
  mediaWithoutFiles(): Promise<ReservedPath[]>
  mediaWithoutPath(): Promise<ReservedPath[]>
  filesWithoutMedia(): Promise<MediaFileRecord[]>
  pathsWithoutMedia(): Promise<ReservedPath[]>
  /** Media that results of jobs name and that are not there. */
  resultsWithoutMedia(): AsyncGenerator<{ jobId: string; mediaIds: string[] }>
  /** How those of the given jobs are that exist; `updatedAt` in epoch ms. */
  statesOf(jobIds: string[]): Promise<Map<string, Pick<JobRow, 'state' | 'updatedAt'>>>
  /** Live jobs that are about to publish. */
  publishingJobs(): Promise<string[]>
  removeFilesWithoutMedia(records: MediaFileRecord[]): Promise<void>
}

/** Rows in one question. */
const PAGE = 200
const LIVE: readonly JobState[] = JOB_STATES.filter((state) => !isEnded(state))

export const createCatalogAudit = (knex: Knex): CatalogAudit => ({
  ...pages(knex),
  ...withCatalogErrors({
    hasTables: async () => (await knex.schema.hasTable('jobs')) && (await knex.schema.hasTable('media_files')),
    countMedia: async () => {
      const [media] = await knex<MediaRecord>('media').count({ media: '*' })
      const [files] = await knex<MediaFileRecord>('media_files').count({ files: '*' }).sum({ bytes: 'size_bytes' })
      return { media: Number(media?.['media'] ?? 0), files: Number(files?.['files']), bytes: Number(files?.['bytes']) }
    },
    mediaWithoutFiles: () => mediaWithoutRowIn(knex, 'media_files'),
    mediaWithoutPath: () => mediaWithoutRowIn(knex, 'library_paths'),
    filesWithoutMedia: async () =>
      (await knex<MediaFileRecord>('media_files')
        .whereNotExists((query) => void query.from('media').whereRaw('media.id = media_files.media_id'))
        .select('media_files.*')) as MediaFileRecord[],
    pathsWithoutMedia: async () => {
      const records = await knex<{ media_id: string; path: string }>('library_paths')
        .whereNotExists((query) => void query.from('media').whereRaw('media.id = library_paths.media_id'))
        .select('media_id', 'path')
      return records.map(({ media_id, path }) => ({ mediaId: media_id, path }))
    },
    statesOf: async (jobIds: string[]) => {
      const states = new Map<string, Pick<JobRow, 'state' | 'updatedAt'>>()
      for (let start = 0; start < jobIds.length; start += PAGE) {
        const ids = jobIds.slice(start, start + PAGE)
        const records = await knex<JobRecord>('jobs').whereIn('id', ids).select('id', 'state', 'updated_at')
        for (const { id, state, updated_at } of records) {
          states.set(id, { state: state as JobState, updatedAt: Number(updated_at) })
        }
      }
      return states
    },
    publishingJobs: async () => {
      const records = await knex<JobRecord>('jobs')
        .whereIn('state', LIVE)
        .whereNot('state', 'accepted')
        .select('id', 'steps')
      return records.filter(({ steps }) => hasBegunToPublish(steps)).map(({ id }) => id)
    },
    removeFilesWithoutMedia: async (records: MediaFileRecord[]) => {
      for (const { media_id, path_key } of records) {
        await knex<MediaFileRecord>('media_files').where({ media_id, path_key }).delete()
      }
    },
  }),
})

const hasBegunToPublish = (steps: string): boolean => {
  const publish = (JSON.parse(steps) as StepRecord[]).find(({ name }) => name === 'publish')
  return publish !== undefined && publish.state !== 'pending'
}

const mediaWithoutRowIn = async (knex: Knex, table: 'media_files' | 'library_paths'): Promise<ReservedPath[]> => {
  const records = await knex<MediaRecord>('media')
    .whereNotExists((query) => void query.from(table).whereRaw(`${table}.media_id = media.id`))
    .select('id', 'library_path')
  return records.map(({ id, library_path }) => ({ mediaId: id, path: library_path }))
}

type Pages = Pick<CatalogAudit, 'mediaPages' | 'filePathPages' | 'resultsWithoutMedia'>

const pages = (knex: Knex): Pages => ({
  async *mediaPages() {
    for await (const records of byId<MediaRecord>(() => knex('media'))) {
      const ids = records.map(({ id }) => id)
      const files = await knex<MediaFileRecord>('media_files').whereIn('media_id', ids).orderBy('position')
      const filesOf = new Map(ids.map((id): [string, MediaFileRow[]] => [id, []]))
      for (const file of files) filesOf.get(file.media_id)?.push(toMediaFileRow(file))
      yield records.map((record) => ({ ...toMediaRow(record), files: filesOf.get(record.id) ?? [] }))
    }
  },
  async *filePathPages() {
    for await (const records of byId<{ id: string }>(() => knex('media').select('id'))) {
      const ids = records.map(({ id }) => id)
      const files = await knex<MediaFileRecord>('media_files').whereIn('media_id', ids).select('library_path')
      yield files.map(({ library_path }) => library_path)
    }
  },
  async *resultsWithoutMedia() {
    const withResult = () => knex('jobs').whereIn('state', ENDED_STATES).whereNotNull('result').select('id', 'result')
    for await (const records of byId<{ id: string; result: string }>(withResult)) {
      const named = records.map(({ id, result }) => ({
        jobId: id,
        mediaIds: (JSON.parse(result) as JobResult).mediaIds,
      }))
      const ids = named.flatMap(({ mediaIds }) => mediaIds)
      const known = ids.length === 0 ? [] : await knex<MediaRecord>('media').whereIn('id', ids).select('id')
      const exists = new Set(known.map(({ id }) => id))
      for (const { jobId, mediaIds } of named) {
        const gone = mediaIds.filter((id) => !exists.has(id))
        if (gone.length > 0) yield { jobId, mediaIds: gone }
      }
    }
  },
})

/** Pages in the order of the id, so that rows that come and go meanwhile move none from one page to another. */
async function* byId<T extends { id: string }>(query: () => Knex.QueryBuilder): AsyncGenerator<T[]> {
  for (let last = ''; ;) {
    const records = (await query().where('id', '>', last).orderBy('id').limit(PAGE)) as T[]
    const end = records.at(-1)
    if (end === undefined) return
    yield records
    last = end.id
  }
}
