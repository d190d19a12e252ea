/** What one job may take of the disk, and what it has. */
export interface RoomClaim {
  jobId: string
  /** Epoch ms at which it first asked: who came first is served first. */
  since: number
  /** What all its files may need at once. */
  bytes: number
  /** With so much it may try while nobody else is at work. */
  leastBytes: number
  granted: boolean
}

export interface HeldClaim extends RoomClaim {
  /** What its files occupy by now. */
  writtenBytes: number
  /** An attempt at one of its steps is at work. */
  busy: boolean
}

export interface Sharing {
  /** By job: what it may take in all. */
  granted: ReadonlyMap<string, number>
  /** Jobs whose finished pieces have to go, so that an older one can go on. */
  giveUp: string[]
}

export interface RoomLeft {
  /** What may be given away. */
  freeBytes: number
  /** Of the part that is kept free, what those who have begun may go into. */
  slackBytes: number
}

/**
 * Divides what is free. A claim is for all that a job needs at once, and given before it writes: whoever has begun can end, and
 * two never wait for what the other holds. Where room was taken from outside, or a job needed more than was foreseen:
 * who began first goes on, the others wait with what they have; and if that stands still, the youngest gives its pieces up.
 */
export const shareRoom = (claims: readonly HeldClaim[], { freeBytes, slackBytes }: RoomLeft): Sharing => {
  const inOrder = claims.toSorted((a, b) => a.since - b.since || (a.jobId < b.jobId ? -1 : 1))
  const granted = new Map<string, number>()
  let left = freeBytes
  const give = (claim: HeldClaim, bytes: number): void => {
    granted.set(claim.jobId, bytes)
    left -= Math.max(0, bytes - claim.writtenBytes)
  }
  for (const claim of inOrder) {
    if (claim.granted && missing(claim) <= left + slackBytes) give(claim, claim.bytes)
  }
  const waiting = inOrder.filter(({ jobId }) => !granted.has(jobId))
  for (const [index, claim] of waiting.entries()) {
    const atWork = inOrder.filter(({ jobId }) => granted.has(jobId))
    if (missing(claim) <= left) give(claim, claim.bytes)
    else if (granted.size === 0 && claim.leastBytes - claim.writtenBytes <= left && left > 0) {
      give(claim, claim.writtenBytes + left)
    } else if (missing(claim) <= left + mostOf(atWork) + mostOf(waiting.slice(index + 1).map(asWritten))) {
      // There will be room when those at work have ended, or the younger have given up. Nobody overtakes it, or it might never come.
      break
    }
    // Else it needs somebody's hand, and is in nobody's way.
  }
  return { granted, giveUp: granted.size > 0 ? [] : whoGivesUp(waiting, left) }
}

const missing = ({ bytes, writtenBytes }: HeldClaim): number => Math.max(0, bytes - writtenBytes)

const asWritten = (claim: HeldClaim): HeldClaim => ({ ...claim, bytes: claim.writtenBytes })

const mostOf = (claims: readonly HeldClaim[]): number =>
  claims.reduce((total, { bytes, writtenBytes }) => total + Math.max(bytes, writtenBytes), 0)

/** The youngest first, and no more than the oldest that this helps needs. */
const whoGivesUp = (waiting: readonly HeldClaim[], left: number): string[] => {
  if (waiting.some(({ busy }) => busy)) return []
  for (const [index, claim] of waiting.entries()) {
    const needed = Math.min(missing(claim), Math.max(0, claim.leastBytes - claim.writtenBytes)) - left
    const givers: string[] = []
    let given = 0
    for (const younger of waiting.slice(index + 1).toReversed()) {
      if (given >= needed || younger.writtenBytes === 0) continue
      givers.push(younger.jobId)
      given += younger.writtenBytes
    }
    if (givers.length > 0 && given >= needed) return givers
  }
  return []
}
