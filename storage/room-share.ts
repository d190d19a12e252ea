/** What one job may take of the disk, and what it has. */
export interface RoomClaim {
  jobId: string
  /** Epoch ms at which it first asked: who came first is served first. */
  since: number
  /** What all its files may need at once: an estimate. */
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
  /** Jobs whose finished pieces have to go, so that another can go on. */
  giveUp: string[]
  /** Those that need more than there can ever be: to be told, so that they fail. */
  hopeless: string[]
}

export interface RoomLeft {
  /** What may be given away. */
  freeBytes: number
  /** Of the part that is kept free, what those who have begun may go into. */
  slackBytes: number
  /** What jobs could have if nothing else were there but what always is. */
  mostBytes: number
}

/** What needed more than was foreseen is foreseen to need so much more than it had: a guess, that nobody fails of. */
const GROWTH = 1.25
/** It is not tried again with hardly more than what did not do: databases and folders come and go, and each try costs its work. */
const LEAST_GROWTH = 65 / 64

/** A claim that may have shown what did not do. */
export interface TriedClaim extends HeldClaim {
  /** So much its files took up when it had to stop, and it was not done. */
  provenBytes: number
}

/** What is known of the need for certain, and guessed, where so much did not do. */
export const needBeyond = (provenBytes: number): Pick<RoomClaim, 'bytes' | 'leastBytes'> => ({
  bytes: Math.ceil(provenBytes * GROWTH),
  leastBytes: Math.ceil(provenBytes * LEAST_GROWTH),
})

/** The same claim after it had to stop with what it has by now, whoever took the rest: it is done with more, or never. */
export const havingStopped = <C extends TriedClaim>(claim: C): C => {
  const provenBytes = Math.max(claim.provenBytes, claim.writtenBytes)
  const beyond = needBeyond(provenBytes)
  const bytes = Math.max(claim.bytes, beyond.bytes)
  return { ...claim, provenBytes, bytes, leastBytes: Math.max(claim.leastBytes, beyond.leastBytes), granted: false }
}

/** It can't go on with less. */
export const certainNeed = ({ leastBytes, writtenBytes }: HeldClaim): number => Math.max(leastBytes, writtenBytes)

/** What one job could have now if it were alone: all others would have ended, or given up what they hold. */
export const withinReach = (claims: readonly HeldClaim[], { freeBytes }: Pick<RoomLeft, 'freeBytes'>): number =>
  claims.reduce((sum, { writtenBytes }) => sum + writtenBytes, freeBytes)

/**
 * Divides what is free. A claim is for all that a job needs at once, and given before it writes: whoever has begun can end, and
 * two never wait for what the other holds. Where room was taken from outside, or a job needed more than was foreseen:
 * who began first goes on, the others wait with what they have; and if that stands still, some give their pieces up.
 *
 * As long as others than the jobs take no more room, nobody waits for ever: the oldest that could go on alone goes on in the end,
 * and each try that ends for want of room makes its certain need larger, until it has ended or is hopeless.
 */
export const shareRoom = (claims: readonly HeldClaim[], { freeBytes, slackBytes, mostBytes }: RoomLeft): Sharing => {
  const inOrder = claims.toSorted((a, b) => a.since - b.since || (a.jobId < b.jobId ? -1 : 1))
  const reach = withinReach(claims, { freeBytes })
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
  const hopeless = waiting.filter((claim) => certainNeed(claim) > mostBytes).map(({ jobId }) => jobId)
  const possible = waiting.filter((claim) => certainNeed(claim) <= Math.min(reach, mostBytes))
  // The others need somebody's hand, and are in nobody's way.
  for (const claim of possible) {
    // An estimate above what there is would never be met, and to wait for that is to wait for ever.
    const wish = { ...claim, bytes: Math.min(claim.bytes, reach) }
    if (missing(wish) <= left) give(claim, wish.bytes)
    else if (granted.size === 0 && certainNeed(claim) - claim.writtenBytes <= left && left > 0) {
      give(claim, claim.writtenBytes + left)
    } else {
      // There will be room when those at work have ended, or others have given up. Nobody overtakes it, or it might never come.
      break
    }
  }
  return { granted, giveUp: granted.size > 0 ? [] : whoGivesUp(waiting, possible[0], left), hopeless }
}

const missing = ({ bytes, writtenBytes }: HeldClaim): number => Math.max(0, bytes - writtenBytes)

/** What has been given to jobs and is not written yet. */
export const promisedBytes = (claims: readonly HeldClaim[]): number =>
  claims.reduce((sum, claim) => sum + (claim.granted ? missing(claim) : 0), 0)

/** For the oldest that could go on alone, and no more than it needs for that: the youngest first, then older ones that can't go on anyway. */
const whoGivesUp = (waiting: readonly HeldClaim[], first: HeldClaim | undefined, left: number): string[] => {
  if (!first || waiting.some(({ busy }) => busy)) return []
  const needed = Math.max(1, certainNeed(first) - first.writtenBytes) - left
  const givers: string[] = []
  let given = 0
  for (const other of waiting.toReversed()) {
    if (other === first || given >= needed || other.writtenBytes === 0) continue
    givers.push(other.jobId)
    given += other.writtenBytes
  }
  return givers
}
