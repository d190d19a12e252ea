import type { PacketScan } from './ffprobe-packets.ts'

/** A stretch in which a stream has no packet, in seconds on the clock of who read it. */
export interface Gap {
  fromS: number
  toS: number
}

type Timed = Pick<PacketScan, 'firstPts' | 'endPts' | 'gaps'>

/** ffmpeg takes a longer step of a clock that may jump for a jump, unless told otherwise. */
export const USUAL_JUMP_S = 10

/** What ffmpeg may take for a jump; it measures a little differently. */
const LEAST_STEP_S = USUAL_JUMP_S - 1
export const isStep = ({ fromS, toS }: Gap): boolean => toS - fromS >= LEAST_STEP_S

/**
 * Whether a stream is merely absent there: another one goes on meanwhile. Where a clock jumps, it does so for all. A second sound
 * track that only some programmes of a recording have is such a hole.
 */
export const isHole = ({ fromS, toS }: Gap, others: readonly Timed[]): boolean =>
  others.some(
    ({ firstPts, endPts, gaps }) =>
      firstPts !== null &&
      endPts !== null &&
      firstPts <= fromS &&
      endPts >= toS &&
      !gaps.some((gap) => gap.fromS < toS && fromS < gap.toS),
  )

/** Times are absurd where there is nothing for most of a length; not so where that is a hole. */
export const believeHoles = (scans: readonly PacketScan[]): PacketScan[] =>
  scans.map((scan, index) => {
    if (!scan.absurd) return scan
    const others = scans.filter((_, other) => other !== index)
    return { ...scan, absurd: !scan.gaps.some((gap) => isHole(gap, others)) }
  })

/**
 * From how many seconds on a step of the clock is a jump, so that holes stay what they are and jumps are straightened; null for
 * ffmpeg's own {@link USUAL_JUMP_S}, where there is no hole, or where no length tells the two apart.
 * @param asStated packets of each stream, steps forward left as they are; `straightened`: the same, as ffmpeg does it by itself.
 */
export const leastJump = (asStated: readonly Timed[], straightened: readonly Timed[]): number | null => {
  let longestHole = 0
  let shortestJump = Infinity
  for (const [index, { firstPts, gaps }] of asStated.entries()) {
    const others = asStated.filter((_, other) => other !== index)
    for (const gap of gaps.filter(isStep)) {
      const length = gap.toS - gap.fromS
      if (isHole(gap, others)) longestHole = Math.max(longestHole, length)
      else shortestJump = Math.min(shortestJump, length)
    }
    // Streams whose clocks are apart from the beginning.
    const apart = Math.abs((firstPts ?? 0) - (straightened[index]?.firstPts ?? 0))
    if (apart > 1) shortestJump = Math.min(shortestJump, apart)
  }
  const least = Math.ceil(longestHole) + 1
  return longestHole > 0 && least > USUAL_JUMP_S && least < shortestJump ? least : null
}
