import { createHash } from 'node:crypto'
import { v7 as uuidv7 } from 'uuid'
import type { JobRow } from '../catalog/job-row.ts'
import type { IdempotencyClaim } from '../catalog/idempotency.ts'
import type { AcceptedItem, AcceptedJob, AcceptOutcome } from '../catalog/jobs.ts'
import type { NewJob } from '../contract/jobs.ts'
import { canonicalJson } from './canonical-json.ts'
import { Problem, toProblem } from './http/problem.ts'
import { findImportFile } from './import-file.ts'
import { parseSourceUrl } from '../contract/source-url.ts'

export interface SubmittedBatch {
  /** What was asked for, and where in the request: what is not valid is left out. */
  jobs: readonly NewJob[]
  owner: string
  /** The client's `Idempotency-Key`, with the body that it came with. */
  idempotency: { key: string; body: unknown } | null
}

export interface AcceptJobsDeps {
  readonly acceptOrMatch: (jobs: AcceptedJob[], claim: IdempotencyClaim | null) => Promise<AcceptOutcome>
  importDir: string
  now?: () => number
}

/** A job for each of the batch, in order; or why there is none. */
export type AcceptedOrProblem = AcceptedItem | Problem

/**
 * Accepts jobs in one transaction. One that is not valid keeps no other out.
 * @throws Problem IdempotencyMismatch; SluiceError CatalogBusy.
 */
export const acceptJobs = async (deps: AcceptJobsDeps, batch: SubmittedBatch): Promise<AcceptedOrProblem[]> => {
  const prepared = await Promise.all(batch.jobs.map((job) => prepare(deps, job, batch.owner)))
  const valid = prepared.filter((job): job is AcceptedJob => !(job instanceof Problem))
  const claim = batch.idempotency && {
    owner: batch.owner,
    key: batch.idempotency.key,
    bodyHash: createHash('sha256').update(canonicalJson(batch.idempotency.body)).digest('hex'),
  }
  const outcome: AcceptOutcome =
    valid.length === 0 ? { outcome: 'accepted', items: [] } : await deps.acceptOrMatch(valid, claim)
  const items = itemsOf(outcome, valid.length)
  let next = 0
  return prepared.map((job) => (job instanceof Problem ? job : (items[next++] ?? GONE)))
}

const GONE = new Problem('JobNotFound', 'The job that this Idempotency-Key made was deleted.')

const itemsOf = (outcome: AcceptOutcome, expected: number): AcceptedOrProblem[] => {
  switch (outcome.outcome) {
    case 'accepted':
      return outcome.items
    case 'mismatch':
      throw new Problem('IdempotencyMismatch')
    case 'replayed':
      // Files that came or went since make other jobs of the same body.
      if (outcome.jobs.length !== expected) throw new Problem('IdempotencyMismatch')
      return outcome.jobs.map((job: JobRow | null) => (job ? { job, deduplicated: true } : GONE))
  }
}

const prepare = async (deps: AcceptJobsDeps, job: NewJob, owner: string): Promise<AcceptedJob | Problem> => {
  try {
    const { source, identity } = await identify(deps.importDir, job)
    return {
      id: uuidv7(),
      kind: job.kind,
      owner,
      source,
      preset: job.preset,
      options: job.options,
      priority: job.priority,
      force: job.force,
      passthrough: job.passthrough,
      dedupeKey: JSON.stringify([identity, job.preset, canonicalJson(job.options)]),
      parentId: null,
      createdAt: (deps.now ?? Date.now)(),
    }
  } catch (error) {
    const problem = toProblem(error)
    if (problem.code === 'InvalidRequest') return problem
    throw error
  }
}

/** Where the source is, and a text that is equal for equal sources. */
const identify = async (importDir: string, { url, file }: NewJob) => {
  if (url !== undefined) {
    const address = parseSourceUrl(url)
    return { source: { url: address.url, file: null, title: null, site: address.site }, identity: address.normalised }
  }
  const found = await findImportFile(importDir, file ?? '')
  const source = { url: null, file: found.file, title: null, site: null }
  return { source, identity: `file:${found.file}:${found.version}` }
}
