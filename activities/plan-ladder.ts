import type { Rendition } from '../contract/plan.ts'
import type { PictureQuality, SideQuality } from '../contract/qualities.ts'

/** The steps of a ladder below its top: the shorter side in pixels. */
const LADDER_SIDES: readonly number[] = [2160, 1440, 1080, 720, 480, 360, 240]

/** A rung closer than this to the top one costs an encode and shows no difference. */
const NEXT_RUNG_PART = 0.8
/** Twice the frames need about 1.4 times the bits, as neighbours are more alike. */
const HIGH_RATE_FACTOR = 1.4
const HIGH_RATE = 32
/** One macroblock; decoders exist that refuse less. */
const SMALLEST_SIDE = 16
/** Beyond this no H.264 level ends and hardly a decoder of any codec goes on. */
const LONGEST_SIDE = 8_192

export interface LadderSource {
  /** Displayed size in pixels. */
  width: number
  height: number
  /** Frames a second; null where it varies. */
  frameRate: number | null
}

/**
 * The renditions of a stream, largest first: the source's own size up to `cap`, then the usual steps below it. Sizes go by the
 * shorter side, so that portrait video gets as many lines as landscape; never above the source; always at least one.
 */
export const ladder = (source: LadderSource, cap: number, quality: PictureQuality): Rendition[] => {
  const top = topSide(source, cap)
  const lower = LADDER_SIDES.filter((side) => side <= top * NEXT_RUNG_PART)
  return [top, ...lower].map((side) => rendition(source, side, quality))
}

/** The one rendition of a file. */
export const singleRendition = (source: LadderSource, cap: number, quality: PictureQuality): Rendition =>
  rendition(source, topSide(source, cap), quality)

const topSide = ({ width, height }: LadderSource, cap: number): number => Math.min(width, height, cap)

const rendition = (source: LadderSource, side: number, quality: PictureQuality): Rendition => {
  const size = scaledSize(source, side)
  return {
    name: `${Math.min(size.width, size.height)}p`,
    ...size,
    crf: sideQuality(quality, side).crf,
    maxrateBps: maxrateOf(quality, side, source.frameRate),
    profile: quality.profile,
  }
}

/** Bits a second that pictures of this size and rate may cost at most; null for no cap. */
export const maxrateOf = (quality: PictureQuality, side: number, frameRate: number | null): number | null => {
  const { maxrateBps } = sideQuality(quality, side)
  const factor = (frameRate ?? 0) > HIGH_RATE ? HIGH_RATE_FACTOR : 1
  return maxrateBps === null ? null : Math.round(maxrateBps * factor)
}

/** The first that has room for this side, else the largest. */
const sideQuality = ({ sides }: PictureQuality, side: number): Omit<SideQuality, 'side'> =>
  sides.find((row) => row.side >= side) ?? sides.at(-1) ?? { crf: 23, maxrateBps: null }

/** What a division and its inverse may be apart: 2345 × (865 / 2345) is above 865. */
const ROUNDING = 1e-6

/** Even sides, as 4:2:0 halves them, in the source's shape and never larger; the tiniest are drawn larger. */
export const scaledSize = (
  { width, height }: { width: number; height: number },
  side: number,
): { width: number; height: number } => {
  const scale = Math.min(side / Math.min(width, height), LONGEST_SIDE / Math.max(width, height))
  const scaled = (length: number): number => {
    const even = 2 * Math.min(Math.round((length * scale) / 2), Math.floor(length / 2))
    return Math.max(SMALLEST_SIDE, length * scale <= side + ROUNDING ? Math.min(even, 2 * Math.floor(side / 2)) : even)
  }
  return { width: scaled(width), height: scaled(height) }
}
