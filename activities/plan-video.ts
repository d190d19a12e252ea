import { SluiceError } from '../contract/failures.ts'
import {
  KEYFRAME_INTERVAL_MS,
  type Excerpt,
  type StoryboardGeometry,
  type VideoEncode,
  type VideoPlan,
} from '../contract/plan.ts'
import type { Preset } from '../contract/presets.ts'
import type { PictureQuality } from '../contract/qualities.ts'
import type { SourceFacts, VideoFacts } from '../contract/source-facts.ts'
import { frameRateParts } from '../tools/frame-rate.ts'
import { hasIndex, type ChunkDecision } from './plan-chunks.ts'
import { colourOf, whyUnreadable } from './plan-colour.ts'
import { whyNotCopied } from './plan-copy.ts'
import { endPlace } from './plan-excerpt.ts'
import { ladder, singleRendition } from './plan-ladder.ts'
import { originOf } from './plan-origin.ts'
import { decideTopRung } from './plan-top-rung.ts'

export interface VideoDecision {
  video: VideoPlan
  reasons: string[]
}

export interface VideoQuestion {
  facts: VideoFacts | null
  /** Of which the picture may be a part. */
  whole: SourceFacts
  preset: Preset
  cap: number
  excerpt: Excerpt | null
  /** Tiles to cut beside the encode, should there be one. */
  storyboardBranch: StoryboardGeometry | null
  /** Decides where an encode at this rate is cut. */
  cut: (video: VideoFacts, frameRate: string | null) => ChunkDecision
}

/**
 * Copies the picture where it fits as it is, else encodes it.
 * @throws SluiceError UnsupportedMedia for colours that cannot be converted, as of Dolby Vision without a base picture that others can show.
 */
export const decideVideo = (question: VideoQuestion): VideoDecision => {
  const { facts, preset, whole, cap, excerpt } = question
  const { quality } = preset
  if (preset.video === 'none') return { video: { mode: 'none' }, reasons: ['Only the sound is wanted.'] }
  if (!facts) return { video: { mode: 'none' }, reasons: ['The source has no picture.'] }
  const { streamIndex, frameRate } = facts
  const copied: VideoPlan = { mode: 'copy', streamIndex, rung: null, frameRate }
  if (preset.video === 'source' || quality === null)
    return { video: copied, reasons: ['The picture is kept as it is.'] }
  const unreadable = whyUnreadable(facts)
  if (unreadable !== null) {
    const detail = `The video ${unreadable}, whose colours cannot be converted. The preset "original" keeps it as it is.`
    throw new SluiceError('UnsupportedMedia', detail)
  }
  const { encoded, reason } = encode(question, facts, quality)
  const { container } = whole
  const obstacle = excerpt ? 'only a part of it is wanted.' : whyNotCopied(facts, { container, cap, quality })
  if (obstacle !== null) return { video: encoded, reasons: [`The picture is encoded: ${obstacle}`, reason] }
  if (preset.delivery !== 'stream')
    return { video: copied, reasons: ['The picture fits as it is and is copied without loss.'] }
  const { video, reasons } = decideTopRung(facts, encoded)
  return { video, reasons: video.mode === 'encode' ? [...reasons, reason] : reasons }
}

const encode = (
  { whole, preset, cap, storyboardBranch, cut, excerpt }: VideoQuestion,
  facts: VideoFacts,
  quality: PictureQuality,
): { encoded: VideoEncode; reason: string } => {
  const frameRate = cappedRate(facts.frameRate, quality.highestRate)
  const source = { width: facts.width, height: facts.height, frameRate: frameRate?.perSecond ?? null }
  const { starts, fromCopy, reason } = cut(facts, frameRate?.fraction ?? null)
  const originMs = originOf(whole.video ?? facts, frameRate?.fraction ?? null)
  const encoded: VideoEncode = {
    mode: 'encode',
    streamIndex: facts.streamIndex,
    copied: null,
    renditions: preset.delivery === 'stream' ? ladder(source, cap, quality) : [singleRendition(source, cap, quality)],
    encoder: { codec: quality.codec, speed: quality.speed, range: quality.range },
    frameRate: frameRate?.fraction ?? null,
    keyframeIntervalMs: KEYFRAME_INTERVAL_MS,
    deinterlace: facts.interlaced,
    colour: colourOf(facts),
    expectedMs: facts.endMs > 0 ? facts.endMs : null,
    originMs,
    countedAt: facts.timed === 'absurd' ? facts.frameRate : null,
    excerpt: excerpt && {
      startMs: Math.max(0, excerpt.startMs - (originMs ?? 0)),
      end: endPlace(excerpt, frameRate?.fraction ?? null),
      seeks: fromCopy || (hasIndex(whole) && facts.timed === 'each'),
    },
    storyboardBranch,
    chunkStarts: starts,
    fromCopy,
    sourceFrames: whole.video?.frames ?? facts.frames,
    longestFrameMs: facts.longestFrameMs,
  }
  return { encoded, reason }
}

/** Every second, third … frame where there are more than `highest` a second; so motion stays even. */
const cappedRate = (fraction: string | null, highest: number): { fraction: string; perSecond: number } | null => {
  const { numerator, denominator } = frameRateParts(fraction ?? '')
  if (!(numerator > 0) || !(denominator > 0)) return null
  const divisor = Math.max(1, Math.ceil(numerator / denominator / highest - 0.01))
  return {
    fraction: `${numerator}/${denominator * divisor}`,
    perSecond: numerator / (denominator * divisor),
  }
}
