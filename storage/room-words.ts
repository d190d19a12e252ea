import { SluiceError } from '../contract/failures.ts'
import { sizeText } from '../contract/size-text.ts'
import type { KnownClaim } from './room-claims.ts'
import type { DiskRoom } from './room-left.ts'
import { certainNeed, promisedBytes, withinReach } from './room-share.ts'

/** The job waits, and is noted among those that do. */
export class MustWait extends SluiceError {}

const limitOf = ({ quotaBytes, totalBytes, mostBytes }: DiskRoom): string =>
  quotaBytes !== null && mostBytes <= quotaBytes && quotaBytes < totalBytes
    ? `jobs may have ${sizeText(mostBytes)} of the quota of ${sizeText(quotaBytes)}`
    : `jobs may have ${sizeText(mostBytes)} of the ${sizeText(totalBytes)} of its disk`

/** Of a job whose certain need is above all that jobs could ever have. */
export const neverFits = (own: KnownClaim, disk: DiskRoom): SluiceError => {
  const advice = 'give it a larger disk, or choose less.'
  const sentence =
    own.provenBytes > 0
      ? `The job had ${sizeText(Math.max(own.provenBytes, own.writtenBytes))} of the data directory and was not done, and ${limitOf(disk)} at most`
      : `The job needs ${sizeText(certainNeed(own))} of the data directory at least, and ${limitOf(disk)}`
  return new SluiceError('LimitExceeded', `${sentence}: ${advice}`)
}

/** Of a job that waits: what it needs, what there is, and what has to happen. @param claims all, its own among them. */
export const mustWait = (own: KnownClaim, disk: DiskRoom, claims: readonly KnownClaim[]): MustWait => {
  const promised = promisedBytes(claims.filter(({ jobId }) => jobId !== own.jobId))
  const missing = Math.max(0, Math.min(own.bytes, disk.mostBytes) - own.writtenBytes)
  const free = disk.freeBytes - promised
  const others = promised > 0 ? [`${sizeText(promised)} are promised to other jobs.`] : []
  const turn = free >= missing && free > 0 ? ['Others came first.'] : []
  return new MustWait(
    'DiskFull',
    [whatIsMissing({ missing, free }, disk), ...others, ...turn, whatHelps(own, disk, claims)].join(' '),
  )
}

const whatIsMissing = ({ missing, free }: { missing: number; free: number }, disk: DiskRoom): string => {
  const { quotaBytes, keepFreeBytes } = disk
  if (missing === 0 && free < 0) {
    const limit =
      quotaBytes === null
        ? `of the ${sizeText(keepFreeBytes)} that stay free on the disk`
        : `under the quota of ${sizeText(quotaBytes)}`
    return `The job has what it needs, but ${sizeText(-free)} are missing ${limit}.`
  }
  const kept = quotaBytes === null ? ` beside the ${sizeText(keepFreeBytes)} that stay free` : ''
  return `The job needs ${sizeText(missing)} more of the disk, and ${sizeText(Math.max(0, free))} can be had${kept}.`
}

const whatHelps = (own: KnownClaim, disk: DiskRoom, claims: readonly KnownClaim[]): string => {
  const reach = Math.max(0, withinReach(claims, disk))
  if (certainNeed(own) > reach) {
    return `All jobs together have ${sizeText(reach)} now, and it needs ${sizeText(certainNeed(own))} at least: somebody has to make room, as by deleting media.`
  }
  return own.bytes > reach
    ? 'It tries by itself with less when no other job is at work.'
    : 'It goes on by itself when there is room.'
}
