import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import type { Catalog } from '../catalog/catalog.ts'
import type { Library } from '../storage/library.ts'
import type { WorkStore } from '../storage/work-store.ts'
import type { StepRun } from './step.ts'

/** What a job is about to put into the library. */
const noteSchema = z.object({ mediaId: z.string(), base: z.string(), mainExtension: z.string().nullable() })
type Note = z.infer<typeof noteSchema>

const keyOf = (jobId: string): string => `${jobId}/publishing.json`

interface NoteDeps {
  store: WorkStore
  library: Library
  catalog: Pick<Catalog, 'media'>
}

/**
 * Notes among the files of a job which media it is about to publish, so that it can be taken back should the job end before that.
 * What an earlier run of the job noted and did not publish is taken back now.
 */
export const notePublishing = async (
  deps: NoteDeps,
  run: StepRun,
  { jobId, ...note }: Note & { jobId: string },
): Promise<void> => {
  const earlier = await readNote(deps, jobId)
  if (earlier && earlier.mediaId !== note.mediaId) await withdraw(deps, earlier)
  const path = join(run.scratchDir, 'publishing.json')
  await writeFile(path, JSON.stringify(note))
  await deps.store.commit(path, keyOf(jobId))
}

/**
 * Takes back what an ended job began to put into the library and did not finish, as where its worker died in between and the job
 * was cancelled: staged and revealed files, and the name. Media that the catalog lists stay.
 */
export const withdrawUnpublished = async (deps: NoteDeps, jobId: string): Promise<void> => {
  const note = await readNote(deps, jobId)
  if (note) await withdraw(deps, note)
}

const readNote = async ({ store }: NoteDeps, jobId: string): Promise<Note | null> => {
  if ((await store.find(keyOf(jobId))) === null) return null
  return noteSchema.parse(JSON.parse(await readFile(await store.read(keyOf(jobId)), 'utf8')))
}

const withdraw = async ({ library, catalog }: NoteDeps, note: Note): Promise<void> => {
  if ((await catalog.media.get(note.mediaId)) !== null) return
  await library.withdraw(note)
  await catalog.media.releaseLibraryPath(note.mediaId)
}
