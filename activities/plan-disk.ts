import type { DiskNeed, MediaPlan, VideoEncode } from '../contract/plan.ts'
import type { SourceFacts } from '../contract/source-facts.ts'
import { sheetCount } from './plan-weights.ts'

const MIB = 1024 ** 2
/** Posters and the pictures they are chosen from, notes, and what a container adds. */
export const SMALL_FILES = 3 * MIB
/** A sheet of a storyboard and its tiles. */
const SHEET = MIB
/** Another codec and other settings may take so many bits where the source takes one. */
const WORST_FACTOR = 2
/** A quarter of the pixels takes more than a quarter of the bits: their power, measured on ladders of one source. */
const PIXELS_POWER = 0.75
/** Of a busy picture at 30 frames a second, without a cap. */
const BITS_PER_PIXEL_SECOND = 4
/** Plain pictures may take so little of what is foreseen for busy ones. */
const LEAST_PART = 1 / 5

type Planned = Pick<MediaPlan, 'video' | 'sounds' | 'delivery' | 'passSource' | 'durationMs' | 'thumbnails'>

/** What all files of the job need at the same time: source, pieces, joined pieces, and what is packaged from them. */
export const diskNeed = (facts: SourceFacts, plan: Planned): DiskNeed => {
  const { video, sounds, thumbnails } = plan
  const small = SMALL_FILES + (thumbnails.storyboard ? sheetCount(thumbnails.storyboard) * SHEET : 0)
  if (plan.passSource) return { bytes: facts.sizeBytes + small, leastBytes: facts.sizeBytes }
  const seconds = (plan.durationMs ?? facts.durationMs) / 1_000
  const picture = video.mode === 'encode' ? pictureBytes(facts, video, seconds) : 0
  const sound = sounds.reduce((sum, track) => sum + (track.mode === 'encode' ? (track.bitrateBps / 8) * seconds : 0), 0)
  // What is copied is part of the source; a stream has it once more on the way.
  const isCopied =
    [video, ...sounds].some(({ mode }) => mode === 'copy') || (video.mode === 'encode' && video.copied !== null)
  const copies = isCopied ? facts.sizeBytes * (plan.delivery === 'stream' ? 2 : 1) : 0
  const joined = video.mode === 'encode' && video.chunkStarts.length > 1 ? 3 : 2
  const made = joined * picture + 2 * sound
  const indexed = video.mode === 'encode' && video.fromCopy ? facts.sizeBytes : 0
  return {
    bytes: Math.ceil(facts.sizeBytes + indexed + copies + made + small),
    leastBytes: Math.ceil(facts.sizeBytes + indexed + made * LEAST_PART),
  }
}

/** Of all renditions: what their caps allow, or less where the source has less to say. */
const pictureBytes = ({ video: facts }: SourceFacts, { renditions }: VideoEncode, seconds: number): number => {
  const pixels = facts ? facts.width * facts.height : 1
  const bitrateBps = renditions.reduce((sum, { width, height, maxrateBps }) => {
    const likely = facts?.bitrateBps
      ? WORST_FACTOR * facts.bitrateBps * Math.min(1, (width * height) / pixels) ** PIXELS_POWER
      : (maxrateBps ?? width * height * BITS_PER_PIXEL_SECOND)
    return sum + Math.min(maxrateBps ?? Infinity, likely)
  }, 0)
  return (bitrateBps / 8) * seconds
}
