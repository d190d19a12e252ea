import type { Rendition } from '../contract/plan.ts'

interface Rung {
  /** Shorter displayed side in pixels. */
  side: number
  crf: number
  maxrateBps: number
}

/** Capped constant quality: `crf` sets what easy scenes cost, `maxrate` what hard ones may. At up to 30 frames a second. */
const RUNGS: readonly Rung[] = [
  { side: 2160, crf: 22, maxrateBps: 16_000_000 },
  { side: 1440, crf: 22, maxrateBps: 9_000_000 },
  { side: 1080, crf: 22, maxrateBps: 5_000_000 },
  { side: 720, crf: 22, maxrateBps: 2_800_000 },
  { side: 480, crf: 23, maxrateBps: 1_400_000 },
  { side: 360, crf: 23, maxrateBps: 800_000 },
  { side: 240, crf: 24, maxrateBps: 400_000 },
]
const LOWEST: Rung = { side: 144, crf: 24, maxrateBps: 200_000 }

/** A rung closer than this to the top one costs an encode and shows no difference. */
const NEXT_RUNG_PART = 0.8
/** Twice the frames need about 1.4 times the bits, as neighbours are more alike. */
const HIGH_RATE_FACTOR = 1.4
const HIGH_RATE = 32
/** One macroblock; decoders exist that refuse less. */
const SMALLEST_SIDE = 16
/** Beyond this no H.264 level ends and hardly a decoder goes on. */
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
export const ladder = (source: LadderSource, cap: number): Rendition[] => {
  const top = topSide(source, cap)
  const lower = RUNGS.map((rung) => rung.side).filter((side) => side <= top * NEXT_RUNG_PART)
  return [top, ...lower].map((side) => rendition(source, side))
}

/** The one rendition of a file. */
export const singleRendition = (source: LadderSource, cap: number): Rendition => rendition(source, topSide(source, cap))

const topSide = ({ width, height }: LadderSource, cap: number): number => Math.min(width, height, cap)

const rendition = (source: LadderSource, side: number): Rendition => {
  const { crf, maxrateBps } = rungFor(side)
  const factor = (source.frameRate ?? 0) > HIGH_RATE ? HIGH_RATE_FACTOR : 1
  const size = scaledSize(source, side)
  return {
    name: `${Math.min(size.width, size.height)}p`,
    ...size,
    crf,
    maxrateBps: Math.round(maxrateBps * factor),
    profile: 'high',
  }
}

/** The smallest rung that is not below this side. */
const rungFor = (side: number): Rung => [LOWEST, ...RUNGS.toReversed()].find((rung) => rung.side >= side) ?? topRung()
const topRung = (): Rung => RUNGS[0] ?? LOWEST

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
