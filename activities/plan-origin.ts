import type { VideoFacts } from '../contract/source-facts.ts'
import { secondsPerFrame } from '../tools/frame-rate.ts'

/** Times are known by the millisecond, and some containers round to it. */
const ROUNDING_MS = 2

/**
 * Where 0 of an encoded picture lies, in milliseconds from the start of the container; null where only the decoder will know.
 * Frames of a constant rate come to lie on multiples of its inverse. Where sound begins first, as an encoder's delay makes it in
 * transport streams, they lie beside them: the difference, less than a frame, is taken off picture and sound alike.
 */
export const originOf = ({ timed, startMs }: VideoFacts, frameRate: string | null): number | null => {
  if (timed === 'none') return null
  if (timed === 'absurd') return 0
  if (frameRate === null || startMs <= 0) return 0
  const frameMs = secondsPerFrame(frameRate) * 1_000
  const beside = startMs % frameMs
  return beside < ROUNDING_MS || beside > frameMs - ROUNDING_MS ? 0 : Math.round(beside)
}
