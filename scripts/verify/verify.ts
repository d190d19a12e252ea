import { setTimeout as delay } from 'node:timers/promises'
import type { MediaQueries } from '../../catalog/media.ts'
import { isEnded } from '../../contract/names.ts'
import { checkLeftovers, type LeftoverCheck } from './check-leftovers.ts'
import { checkLibrary, checkMedia, comparable, type LibraryCheck } from './check-library.ts'
import { checkRows } from './check-rows.ts'
import type { Finding, FindingName } from './finding.ts'
import { createMakers, walkLibrary } from './library-walk.ts'

export interface Verification extends LibraryCheck, LeftoverCheck {
  media: Pick<MediaQueries, 'get'>
  /** How long what was found must stay so before it counts, in ms. */
  settleMs?: number
}

/** Between the files of a media and its row lie milliseconds; between the end of a job and that of its last program, 6 s. */
const SETTLE_MS = 6_500

/**
 * Everything that is wrong with the library, the catalog and what lies between them. An instance may run meanwhile: what it
 * is just about to publish or to delete is looked at again when it has had the time to.
 */
export const verify = async (verification: Verification): Promise<Finding[]> => {
  const { audit, settleMs = SETTLE_MS, signal } = verification
  const findings = [
    ...(await checkLibrary(verification)),
    ...(await checkRows(audit)),
    ...(await checkLeftovers(verification)),
  ]
  if (findings.length === 0) return findings
  await delay(settleMs, undefined, { signal })
  return confirm(verification, findings)
}

/** Those findings that are still true. */
const confirm = async (verification: Verification, findings: Finding[]): Promise<Finding[]> => {
  const { audit } = verification
  const of = (...kinds: FindingName[]) => findings.filter(({ kind }) => kinds.includes(kind))
  const again = new Set([...(await checkRows(audit)), ...(await checkLeftovers(verification))].map(identity))
  const rest = findings.filter((finding) => again.has(identity(finding)))
  return [
    ...(await confirmFiles(verification, of('missing', 'size', 'checksum'))),
    ...(await confirmExtra(verification, of('extra'))),
    ...rest,
  ]
}

const identity = ({ kind, where }: Finding): string => `${kind} ${where}`

/** The media may have been deleted, or published again, since. */
const confirmFiles = async (verification: Verification, findings: Finding[]): Promise<Finding[]> => {
  const confirmed: Finding[] = []
  const suspects = new Map<string, Set<string>>()
  for (const { mediaId = '', where } of findings) suspects.set(mediaId, (suspects.get(mediaId) ?? new Set()).add(where))
  for (const [mediaId, paths] of suspects) {
    const media = await verification.media.get(mediaId)
    if (media === null) continue
    // The list of checksums is checked against all files of the media.
    const found = await checkMedia({ ...verification, onBytes: () => undefined }, media, ({ libraryPath }) =>
      paths.has(libraryPath),
    )
    confirmed.push(...found)
  }
  return confirmed
}

/** Neither published since, nor deleted, nor the work of a job that is publishing it now. */
const confirmExtra = async ({ audit, libraryDir }: Verification, findings: Finding[]): Promise<Finding[]> => {
  if (findings.length === 0) return []
  const extra = new Set(findings.map(({ where }) => where))
  // Asked before the rows: a job that publishes now and has a row by then has ended well.
  const makerOf = createMakers(libraryDir)
  const there: Finding[] = []
  for await (const path of walkLibrary(libraryDir)) {
    const where = comparable(path)
    if (extra.has(where)) there.push({ kind: 'extra', where, detail: (await makerOf(path)) ?? '' })
  }
  const states = await audit.statesOf([...new Set(there.map(({ detail }) => detail).filter((jobId) => jobId !== ''))])
  const unlisted = new Map(there.map((finding) => [finding.where, finding]))
  for await (const paths of audit.filePathPages()) for (const path of paths) unlisted.delete(comparable(path))
  return [...unlisted.values()].flatMap((finding): Finding[] => {
    const state = states.get(finding.detail)?.state
    if (state !== undefined && !isEnded(state)) return []
    const of = finding.detail === '' ? '' : `of job ${finding.detail}, ${state ?? 'which the catalog does not know'}`
    return [{ ...finding, detail: of }]
  })
}
