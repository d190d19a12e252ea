import {
  KEYFRAME_INTERVAL_MS,
  SEGMENT_MS,
  type CopiedRung,
  type Rendition,
  type VideoEncode,
  type VideoPlan,
} from '../contract/plan.ts'
import type { GridMisfit, VideoFacts } from '../contract/source-facts.ts'

const KEYFRAMES_S = KEYFRAME_INTERVAL_MS / 1_000
const SEGMENTS_S = SEGMENT_MS / 1_000

const MISFITS: Readonly<Record<GridMisfit, string>> = {
  unmeasured: 'nobody measured whether its keyframes fit the segments.',
  container: 'its container does not say exactly where frames and keyframes are.',
  rate: 'it has no constant frame rate.',
  fields: 'it is coded as interlaced.',
  hidden: 'an edit list hides some of its frames.',
  start: 'it does not start at 0.',
  reordered: 'it holds back more frames than the encoder of the other sizes.',
  times: 'its frames are not exactly where its frame rate puts them.',
  keyframes: `its keyframes are not all on the grid of ${KEYFRAMES_S} s.`,
  boundaries: `it lacks a keyframe where a segment of ${SEGMENTS_S} s begins.`,
  groups: 'frames depend on others across its keyframes.',
}

/**
 * What a segment may need against `maxrate`, the same as an encoded one may: its own length of it, and the buffer of two
 * seconds that was filled before. With more, players would be led to a size that their line does not carry.
 */
const PEAK_FACTOR = (SEGMENT_MS + 2_000) / SEGMENT_MS

/**
 * The ladder with the source's own picture as its largest size where that fits, else as it is.
 * @param encoded what is made of a source that doesn't fit; this one could be copied into a file.
 */
export const decideTopRung = (facts: VideoFacts, encoded: VideoEncode): { video: VideoPlan; reasons: string[] } => {
  const [top, ...renditions] = encoded.renditions
  const obstacle = top ? whyNotTopRung(facts, encoded, top) : 'it has no size.'
  const { streamIndex, frameRate } = encoded
  if (!top || frameRate === null || obstacle !== null) {
    return { video: encoded, reasons: [`The picture is encoded: ${obstacle ?? MISFITS.rate}`] }
  }
  const { name, width, height } = top
  const untagged = coloursOf(facts).includes(null)
  const rung: CopiedRung = { name, width, height, frameRate, frames: facts.frames, untagged }
  const fits = 'The picture fits the segments of a stream as it is'
  if (renditions.length === 0) {
    return { video: { mode: 'copy', streamIndex, rung, frameRate }, reasons: [`${fits} and is copied without loss.`] }
  }
  const reasons = [`${fits}: ${name} is copied without loss, smaller sizes are encoded.`]
  return { video: { ...encoded, copied: rung, renditions }, reasons }
}

const whyNotTopRung = (facts: VideoFacts, encoded: VideoEncode, top: Rendition): string | null => {
  if (top.width !== facts.width || top.height !== facts.height) return `it is not as large as its ${top.name}.`
  if (facts.rotation !== 0) return `it is turned by ${facts.rotation}°.`
  if (facts.pixelFormat !== 'yuv420p') return 'its pixels use the full range.'
  if (encoded.colour !== 'bt709' || coloursOf(facts).some((tag) => tag !== null && tag !== 'bt709'))
    return 'its colours are not BT.709.'
  if (!facts.grid.fits) return MISFITS[facts.grid.misfit]
  if (encoded.frameRate !== facts.frameRate) return 'it has more frames a second than are needed.'
  const { name, maxrateBps } = top
  if (maxrateBps === null || facts.grid.peakBps <= maxrateBps * PEAK_FACTOR) return null
  return `a segment of it needs ${inMbps(facts.grid.peakBps)}, where ${name} should do with ${inMbps(maxrateBps)}.`
}

const coloursOf = ({ colourSpace, colourPrimaries, colourTransfer }: VideoFacts): (string | null)[] => [
  colourSpace,
  colourPrimaries,
  colourTransfer,
]

const inMbps = (bitrateBps: number): string => `${(bitrateBps / 1e6).toFixed(1)} Mbit/s`
