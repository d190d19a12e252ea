import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import type { Library } from './library.ts'
import type { WorkStore } from './work-store.ts'

/** What a job is about to put into the library. */
const noteSchema = z.object({ mediaId: z.string(), base: z.string(), mainExtension: z.string().nullable() })
type Note = z.infer<typeof noteSchema>

const keyOf = (jobId: string): string => `${jobId}/publishing.json`

interface NoteDeps {
  store: Pick<WorkStore, 'find' | 'read' | 'commit'>
  library: Pick<Library, 'withdraw'>
  catalog: { media: PublishedMedia }
}

/** What the catalog knows of the library. */
interface PublishedMedia {
  get(mediaId: string): Promise<unknown>
  releaseLibraryPath(mediaId: string): Promise<void>
}

/**
 * Notes among the files of a job which media it is about to publish, so that it can be taken back should the job end before that.
 * What an earlier run of the job noted and did not publish is taken back now.
 */
export const notePublishing = async (
  deps: NoteDeps,
  scratchDir: string,
  { jobId, ...note }: Note & { jobId: string },
): Promise<void> => {
  const earlier = await readNote(deps, jobId)
  if (earlier && earlier.mediaId !== note.mediaId) await withdraw(deps, earlier)
  const path = join(scratchDir, 'publishing.json')
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

/** Removes what the steps of an ended job handed each other, and what it did not get to publish. */
export const removeJobFiles = async (
  deps: NoteDeps & { store: Pick<WorkStore, 'removeJob'> },
  jobId: string,
): Promise<void> => {
  await withdrawUnpublished(deps, jobId)
  await deps.store.removeJob(jobId)
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
