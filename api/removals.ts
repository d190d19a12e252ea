import type { Catalog } from '../catalog/catalog.ts'
import type { Config } from '../config.ts'
import { createLibrary } from '../storage/library.ts'
import { createLocalWorkStore } from '../storage/local-work-store.ts'
import { removeJobFiles } from '../storage/publishing-note.ts'
import { finishRemovals, removeMedia } from '../storage/remove-media.ts'

/** Deletes what the catalog has forgotten, or forgets now. The catalog keeps in mind what is left of that, for the next API where one dies in between. */
export interface Removals {
  /** The files of a job that was deleted: what it left for a retry, and what it did not get to publish. */
  finishJob(jobId: string): Promise<void>
  /** A media with its files. @returns whether there was one. */
  removeMedia(mediaId: string): Promise<boolean>
  /** What was left when an API died. */
  finishAll(): Promise<void>
}

export const createRemovals = (config: Pick<Config, 'dataDir' | 'libraryDir'>, catalog: Catalog): Removals => {
  const files = { store: createLocalWorkStore(config.dataDir), library: createLibrary(config.libraryDir), catalog }
  const media = { libraryDir: config.libraryDir, media: catalog.media }

  const finishJob = async (jobId: string): Promise<void> => {
    await removeJobFiles(files, jobId)
    await catalog.jobs.markRemoved(jobId)
  }

  return {
    finishJob,
    removeMedia: (mediaId) => removeMedia(media, mediaId),
    finishAll: async () => {
      await finishRemovals(media)
      for (const jobId of await catalog.jobs.removalsLeft()) await finishJob(jobId)
    },
  }
}
