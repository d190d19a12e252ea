import { readdir, stat } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join } from 'node:path'
import type { CatalogAudit } from '../../catalog/audit.ts'
import { keepsFiles } from '../../catalog/housekeeping.ts'
import { isEnded } from '../../contract/names.ts'
import { INCOMING_DIR, MANIFEST_FILE } from '../../storage/library.ts'
import { isDead, readLease, type HeldLease } from '../../storage/lease.ts'
import type { Finding } from './finding.ts'
import { readJobId } from './library-walk.ts'

export interface LeftoverCheck {
  audit: CatalogAudit
  dataDir: string
  libraryDir: string
}

const QUIET_MS = 60_000

interface ScratchFolder {
  name: string
  lease: HeldLease | null
  /** Whether somebody works in it. */
  held: boolean
}

/** What dead attempts and ended jobs left: in scratch, between the steps, and on the way into the library. */
export const checkLeftovers = async (check: LeftoverCheck): Promise<Finding[]> => {
  const { audit, dataDir, libraryDir } = check
  const scratch = await readScratch(join(dataDir, 'scratch'))
  const works = await namesIn(join(dataDir, 'work'))
  const incoming = await readIncoming(join(libraryDir, INCOMING_DIR))
  const jobIds = [
    ...scratch.flatMap(({ lease }) => lease?.jobId ?? []),
    ...works,
    ...incoming.flatMap(({ jobId }) => jobId ?? []),
  ]
  const states = await audit.statesOf([...new Set(jobIds)])
  const publishing = incoming.length > 0 ? await audit.publishingJobs() : []
  const isLive = (jobId: string | null): boolean => {
    const job = jobId === null ? undefined : states.get(jobId)
    return job !== undefined && !isEnded(job.state)
  }
  const isKept = (jobId: string): boolean => {
    const job = states.get(jobId)
    return job !== undefined && keepsFiles(job, Date.now())
  }
  const saying = (jobId: string | null): string => describe(jobId, states)
  const held = new Set(scratch.filter((folder) => folder.held).map(({ lease }) => lease?.jobId))

  return [
    // What a dead attempt at a live job left is taken over by the next worker that starts.
    ...scratch
      .filter(({ held: isHeld, lease }) => !isHeld && !isLive(lease?.jobId ?? null))
      .map(({ name, lease }): Finding => ({
        kind: 'scratch',
        where: `scratch/${name}`,
        detail: saying(lease?.jobId ?? null),
      })),
    ...works
      .filter((jobId) => !isLive(jobId) && !isKept(jobId) && !held.has(jobId))
      .map((jobId): Finding => ({ kind: 'work', where: `work/${jobId}`, detail: saying(jobId) })),
    ...incoming
      .filter(({ jobId }) => (jobId === null ? publishing.length === 0 : !isLive(jobId) && !held.has(jobId)))
      .map(({ mediaId, jobId }): Finding => ({
        kind: 'incoming',
        where: `${INCOMING_DIR}/${mediaId}`,
        detail: saying(jobId),
      })),
  ]
}

const describe = (jobId: string | null, states: Awaited<ReturnType<CatalogAudit['statesOf']>>): string => {
  if (jobId === null) return 'of no job that it names'
  return `of job ${jobId}, ${states.get(jobId)?.state ?? 'which the catalog does not know'}`
}

const readScratch = async (dir: string): Promise<ScratchFolder[]> => {
  const names = await namesIn(dir)
  return Promise.all(
    names.map(async (name): Promise<ScratchFolder> => {
      const lease = await readLease(join(dir, name))
      return { name, lease, held: await isHeld(join(dir, name), lease) }
    }),
  )
}

/** Processes of other machines can't be seen: there, and where nobody says who holds it, only a folder that is quiet is left over. */
const isHeld = async (path: string, lease: HeldLease | null): Promise<boolean> =>
  lease?.host === hostname() ? !(await isDead(lease)) : changedLately(path)

const changedLately = async (path: string): Promise<boolean> => {
  const stats = await stat(path).catch(() => null)
  return stats === null || Date.now() - stats.mtimeMs < QUIET_MS
}

const readIncoming = async (dir: string): Promise<{ mediaId: string; jobId: string | null }[]> =>
  Promise.all(
    (await namesIn(dir)).map(async (mediaId) => ({
      mediaId,
      jobId: await readJobId(join(dir, mediaId, MANIFEST_FILE)),
    })),
  )

const namesIn = async (dir: string): Promise<string[]> => {
  try {
    return await readdir(dir)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw error
  }
}
