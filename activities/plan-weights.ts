import type { MediaPlan, StoryboardGeometry } from '../contract/plan.ts'
import type { PictureQuality } from '../contract/qualities.ts'
import type { SourceFacts } from '../contract/source-facts.ts'

/** CPU-milliseconds, measured on one core of 2020s make. */
const DECODE_PER_MEGAPIXEL = 5
const AUDIO_PER_SECOND = 12
const LOUDNESS_PER_SECOND = 10
const COPY_PER_MEGABYTE = 3
const HASH_PER_MEGABYTE = 3
const POSTER = 900
const SHEET = 150
const PROCESS_START = 60
/** One frame of so many has to be decoded where keyframes suffice. */
const KEYFRAME_SHARE = 1 / 60

type Weighed = Pick<MediaPlan, 'video' | 'sounds' | 'thumbnails' | 'passSource'>

/** Expected cost of each step; only their proportions matter. */
export const weighSteps = (facts: SourceFacts, plan: Weighed, quality: PictureQuality | null): MediaPlan['weights'] => {
  const seconds = facts.durationMs / 1_000
  const frames = facts.video?.frames ?? 0
  const sourceMegapixels = facts.video ? (facts.video.width * facts.video.height * frames) / 1e6 : 0
  const megabytes = facts.sizeBytes / 1e6
  const encoded =
    plan.video.mode === 'encode'
      ? plan.video.renditions.reduce((sum, { width, height }) => sum + (width * height * frames) / 1e6, 0)
      : 0
  const picture =
    plan.video.mode === 'encode'
      ? encoded * (quality?.costPerMegapixel ?? 0) + sourceMegapixels * DECODE_PER_MEGAPIXEL
      : 0
  const sound = plan.sounds.reduce(
    (sum, track) =>
      track.mode === 'encode' ? sum + seconds * (AUDIO_PER_SECOND + (track.loudness ? LOUDNESS_PER_SECOND : 0)) : sum,
    0,
  )
  return {
    transcode: Math.round(picture + sound),
    package: PROCESS_START + Math.round(plan.passSource ? 0 : megabytes * COPY_PER_MEGABYTE),
    thumbnail: Math.round(POSTER + storyboardCost(plan, sourceMegapixels * DECODE_PER_MEGAPIXEL)),
    publish: PROCESS_START + Math.round(megabytes * HASH_PER_MEGABYTE),
  }
}

const storyboardCost = ({ thumbnails }: Weighed, decodeCost: number): number => {
  const { storyboard, storyboardFrom } = thumbnails
  if (!storyboard) return 0
  const sheets = SHEET * sheetCount(storyboard)
  if (storyboardFrom === 'encode') return sheets
  return sheets + decodeCost * (storyboardFrom === 'keyframes' ? KEYFRAME_SHARE : 1)
}

export const sheetCount = ({ tiles, columns, rows }: StoryboardGeometry): number => Math.ceil(tiles / (columns * rows))
