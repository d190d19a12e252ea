import type { StoryboardGeometry, ThumbnailPlan, VideoPlan } from '../contract/plan.ts'
import type { SourceFacts, VideoFacts } from '../contract/source-facts.ts'
import { colourOf, whyUnreadable } from './plan-colour.ts'

/** Poster widths in pixels, never above the source's. */
const LARGE_POSTER = 1280
const SMALL_POSTER = 480
/** The longer side of a tile; smaller ones tell nothing, larger ones make sheets of megabytes. */
const TILE_SIDE = 160
const SHEET_COLUMNS = 10
const SHEET_ROWS = 10
/** Tiles this far apart, up to this length: dense enough to find a place in, and some hundred tiles at most. */
const INTERVALS: readonly { upToMs: number; intervalMs: number }[] = [
  { upToMs: 60_000, intervalMs: 1_000 },
  { upToMs: 300_000, intervalMs: 2_000 },
  { upToMs: 1_800_000, intervalMs: 5_000 },
  { upToMs: 7_200_000, intervalMs: 10_000 },
  { upToMs: 28_800_000, intervalMs: 20_000 },
]
const LONGEST_INTERVAL_MS = 60_000
/** Up to here tiles may stand further apart to be taken from keyframes, a tenth of the cost of decoding all. */
const STRETCHED_INTERVAL_MS = 10_000

/** Up to here one decode of everything is cheaper than a dozen programs that each seek. */
const DECODED_POSTER_MS = 20_000
/** With fewer keyframes there is too little to choose from. */
const POSTER_KEYFRAMES = 6

/** Even so large a hole between keyframes that three tiles in a row show the same picture is too much. */
const LONGEST_GAP_INTERVALS = 3

/** The storyboard's shape, before it is known who makes its tiles; null where there is nothing to show. */
export const storyboardGeometry = (video: VideoFacts | null, encoding: boolean): StoryboardGeometry | null => {
  if (!video || video.endMs <= 0) return null
  const intervalMs = intervalFor(video, encoding)
  const tiles = Math.max(1, Math.ceil(video.endMs / intervalMs))
  const scale = TILE_SIDE / Math.max(video.width, video.height)
  const columns = Math.min(SHEET_COLUMNS, tiles)
  return {
    intervalMs,
    tileWidth: evenSide(video.width * scale),
    tileHeight: evenSide(video.height * scale),
    columns,
    rows: Math.min(SHEET_ROWS, Math.ceil(tiles / columns)),
    tiles,
  }
}

const evenSide = (length: number): number => Math.max(2, 2 * Math.round(length / 2))

const intervalFor = (video: VideoFacts, encoding: boolean): number => {
  const usual = INTERVALS.find((step) => video.endMs <= step.upToMs)?.intervalMs ?? LONGEST_INTERVAL_MS
  const gap = video.keyframes.medianGapMs
  if (encoding || gap === null || gap < usual || gap >= STRETCHED_INTERVAL_MS) return usual
  return (Math.floor(gap / 1_000) + 1) * 1_000
}

const keyframesSuffice = ({ keyframes }: VideoFacts, { intervalMs, tiles }: StoryboardGeometry): boolean => {
  if (tiles === 1) return keyframes.count > 0
  const { medianGapMs, longestGapMs } = keyframes
  return medianGapMs !== null && medianGapMs < intervalMs && (longestGapMs ?? 0) <= LONGEST_GAP_INTERVALS * intervalMs
}

/** Whether the encode has to cut the tiles too, as keyframes are too rare for them. */
export const needsBranch = (video: VideoFacts, geometry: StoryboardGeometry): boolean =>
  !keyframesSuffice(video, geometry)

export const decideThumbnails = (
  facts: SourceFacts,
  video: VideoPlan,
  geometry: StoryboardGeometry | null,
): ThumbnailPlan => {
  const poster = posterSource(facts)
  const shown = poster.posterFrom === 'cover' ? facts.cover : facts.video
  const widths = posterWidths(poster.posterFrom === 'none' ? LARGE_POSTER : (shown?.width ?? LARGE_POSTER))
  const storyboard = video.mode === 'none' || (facts.video && whyUnreadable(facts.video) !== null) ? null : geometry
  return {
    ...poster,
    posterWidths: widths,
    posterBy: facts.video ? posterBy(facts.video) : 'decode',
    frameSize: facts.video && frameSize(facts.video, widths[0] ?? LARGE_POSTER),
    colour: facts.video ? colourOf(facts.video) : 'bt709',
    deinterlace: facts.video?.interlaced ?? false,
    storyboard,
    storyboardFrom: storyboardSource(facts.video, video, storyboard),
  }
}

const posterSource = ({ video, cover }: SourceFacts): Pick<ThumbnailPlan, 'posterFrom' | 'streamIndex'> => {
  if (video && whyUnreadable(video) === null) return { posterFrom: 'video', streamIndex: video.streamIndex }
  if (cover) return { posterFrom: 'cover', streamIndex: cover.streamIndex }
  return { posterFrom: 'none', streamIndex: null }
}

const posterBy = ({ endMs, keyframes }: VideoFacts): ThumbnailPlan['posterBy'] =>
  endMs <= DECODED_POSTER_MS || keyframes.count < POSTER_KEYFRAMES ? 'decode' : 'keyframes'

const frameSize = ({ width, height }: VideoFacts, wanted: number): { width: number; height: number } => ({
  width: evenSide(wanted),
  height: evenSide((height * wanted) / width),
})

/** Always two: where the source is too small for both, the second is half of the first. */
export const posterWidths = (sourceWidth: number): number[] => {
  const large = Math.min(LARGE_POSTER, sourceWidth)
  const small = Math.min(SMALL_POSTER, large === LARGE_POSTER ? SMALL_POSTER : Math.ceil(large / 2))
  return small < large ? [large, small] : [large]
}

const storyboardSource = (
  facts: VideoFacts | null,
  video: VideoPlan,
  geometry: StoryboardGeometry | null,
): ThumbnailPlan['storyboardFrom'] => {
  if (!facts || !geometry) return 'none'
  if (video.mode === 'encode' && video.storyboardBranch) return 'encode'
  return needsBranch(facts, geometry) ? 'decode' : 'keyframes'
}
