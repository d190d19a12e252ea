import type { Catalog } from '../catalog/catalog.ts'
import { isEnded } from '../contract/names.ts'
import { settingsKeyOf } from '../contract/settings-key.ts'
import type { JobInput, JobProjection } from '../contract/steps.ts'
import type { ProgressPublisher } from '../progress/bus.ts'
import type { Library } from '../storage/library.ts'
import { removeJobFiles, withdrawUnpublished } from '../storage/publishing-note.ts'
import type { Room } from '../storage/room.ts'
import type { WorkStore } from '../storage/work-store.ts'

export interface CatalogCallDeps {
  catalog: Catalog
  bus: ProgressPublisher
  store: WorkStore
  room: Pick<Room, 'release'>
  library: Library
}

/** Short idempotent calls, run as local activities beside the workflow. */
export const createCatalogCalls = ({ catalog, bus, store, room, library }: CatalogCallDeps) => ({
  /**
   * Writes what the workflow knows of its job, and says on the bus that there is something new to read.
   * @returns false where the catalog has ended this run, knows a later execution of it, or never heard of it.
   */
  async projectJob(projection: JobProjection): Promise<boolean> {
    // Its files may stay for a retry, and have no claim on more.
    if (isEnded(projection.state)) await room.release(projection.jobId)
    const revision = await catalog.jobs.applyProjection(projection)
    if (revision !== null) {
      bus.publish({ type: 'changed', jobId: projection.jobId, revision })
      return true
    }
    // Written before, by an attempt whose answer was lost with its worker: that is no end of the run.
    const row = await catalog.jobs.get(projection.jobId)
    if (row === null || row.run !== projection.run || isEnded(row.state)) return false
    return row.workflowRunIds.at(-1) === projection.workflowRunId
  },

  /** Ids of media of the same source, made with the same settings for the same owner; empty where there are none. */
  async findReusable({ input, sourceKey }: { input: JobInput; sourceKey: string }): Promise<string[]> {
    const { owner, preset, options } = input
    const settingsKey = settingsKeyOf(preset, options)
    const found = await catalog.media.findReusable({ owner, sourceKey, preset, settingsKey })
    return found ? [found.id] : []
  },

  /** Removes what the steps of a job handed each other, and what it did not get to publish. */
  async removeWork({ jobId }: { jobId: string }): Promise<void> {
    await removeJobFiles({ store, library, catalog }, jobId)
  },

  /** Takes back what a job that failed did not get to publish; the rest stays for its next run. */
  async withdraw({ jobId }: { jobId: string }): Promise<void> {
    await withdrawUnpublished({ store, library, catalog }, jobId)
  },
})
