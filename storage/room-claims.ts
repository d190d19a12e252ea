import { randomUUID } from 'node:crypto'
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { occupiedBytes } from './disk-usage.ts'
import { readLease } from './lease.ts'
import type { RoomClaim, TriedClaim } from './room-share.ts'

/** In a job's folder of the work store, so that it goes with the job and outlives every process. */
const CLAIM_FILE = 'room.json'
/** All are of one length, so that one can be written over another. */
const CLAIM_BYTES = 512

/** A claim as it lies there. */
export interface KeptClaim extends RoomClaim {
  /** Whom to tell when there is room; null outside a workflow. */
  workflowId: string | null
  /** As of a {@link TriedClaim}. */
  provenBytes: number
}
export type KnownClaim = KeptClaim & TriedClaim

export interface ClaimFolders {
  work: string
  scratch: string
}

/** All claims, with what their jobs occupy. */
export const readClaims = async ({ work, scratch }: ClaimFolders): Promise<KnownClaim[]> => {
  const jobs = await list(work)
  const kept = (await Promise.all(jobs.map((jobId) => readClaim(join(work, jobId))))).filter((claim) => claim !== null)
  if (kept.length === 0) return []
  const attempts = new Map<string, string[]>()
  for (const name of await list(scratch)) {
    const lease = await readLease(join(scratch, name))
    if (lease) attempts.set(lease.jobId, [...(attempts.get(lease.jobId) ?? []), join(scratch, name)])
  }
  return Promise.all(
    kept.map(async (claim) => {
      const own = attempts.get(claim.jobId) ?? []
      const writtenBytes = await occupiedBytes([join(work, claim.jobId), ...own])
      return { ...claim, writtenBytes, busy: own.length > 0 }
    }),
  )
}

/** @throws what the file system says, also where the job's folder has gone: the job is over then. */
export const writeClaim = async ({ work }: ClaimFolders, claim: KeptClaim): Promise<void> => {
  const { jobId, workflowId, since, bytes, leastBytes, provenBytes, granted } = claim
  const path = join(work, jobId, CLAIM_FILE)
  const text = JSON.stringify({ jobId, workflowId, since, bytes, leastBytes, provenBytes, granted }).padEnd(CLAIM_BYTES)
  const replace = async (): Promise<void> => {
    const draft = `${path}.${randomUUID()}`
    try {
      await writeFile(draft, text)
      await rename(draft, path)
    } catch (error) {
      await rm(draft, { force: true })
      throw error
    }
  }
  try {
    await replace()
  } catch (error) {
    if (!isFull(error)) throw error
    // In place it takes no more room than it has. Cut short by a crash it is none, and its job asks anew.
    await writeFile(path, text, { flag: 'r+' })
  }
}

const isFull = (error: unknown): boolean => ['ENOSPC', 'EDQUOT'].includes((error as NodeJS.ErrnoException).code ?? '')

export const makeClaimFolder = async ({ work }: ClaimFolders, jobId: string): Promise<void> => {
  await mkdir(join(work, jobId), { recursive: true })
}

export const removeClaim = ({ work }: ClaimFolders, jobId: string): Promise<void> =>
  rm(join(work, jobId, CLAIM_FILE), { force: true })

/** Removes all that a job has made so far; its claim stays. */
export const removePieces = async ({ work }: ClaimFolders, jobId: string): Promise<void> => {
  const dir = join(work, jobId)
  const pieces = (await list(dir)).filter((name) => name !== CLAIM_FILE)
  await Promise.all(pieces.map((name) => rm(join(dir, name), { recursive: true, force: true })))
}

const readClaim = async (dir: string): Promise<KeptClaim | null> => {
  try {
    return JSON.parse(await readFile(join(dir, CLAIM_FILE), 'utf8')) as KeptClaim
  } catch {
    // None, or one that was damaged: its job asks anew.
    return null
  }
}

const list = (dir: string): Promise<string[]> => readdir(dir).catch(() => [])
