import { SluiceError } from '../contract/failures.ts'
import {
  KEYFRAME_INTERVAL_MS,
  type InputColour,
  type StoryboardGeometry,
  type VideoEncode,
  type VideoPlan,
} from '../contract/plan.ts'
import type { Preset } from '../contract/presets.ts'
import type { VideoFacts } from '../contract/source-facts.ts'
import { frameRateParts } from '../tools/frame-rate.ts'
import type { ChunkDecision } from './plan-chunks.ts'
import { ladder, singleRendition } from './plan-ladder.ts'
import { decideTopRung } from './plan-top-rung.ts'

/** Screens show no more, and H.264's levels count frames. */
const HIGHEST_RATE = 60
/** H.264 level 5.2: 4K at 60 frames. Above it hardware decoders give up. */
const HIGHEST_LEVEL = 52
const COPIED_PROFILES = new Set(['Constrained Baseline', 'Baseline', 'Main', 'High', 'Progressive High'])
const COPIED_PIXEL_FORMATS = new Set(['yuv420p', 'yuvj420p'])
/** Containers that carry presentation times of H.264 whole; AVI does not. */
const COPIED_CONTAINERS = /^(mov,|matroska|mpegts|flv)/
/** Lines from which players take unnamed colours as BT.709. */
const HD_LINES = 720

export interface VideoDecision {
  video: VideoPlan
  reasons: string[]
}

export interface VideoQuestion {
  facts: VideoFacts | null
  container: string
  preset: Preset
  cap: number
  /** Tiles to cut beside the encode, should there be one. */
  storyboardBranch: StoryboardGeometry | null
  /** Decides where an encode at this rate is cut. */
  cut: (video: VideoFacts, frameRate: string | null) => ChunkDecision
}

/**
 * Copies the picture where it fits as it is, else encodes it.
 * @throws SluiceError UnsupportedMedia for Dolby Vision without a base picture that others can show.
 */
export const decideVideo = (question: VideoQuestion): VideoDecision => {
  const { facts, preset } = question
  if (preset.video === 'none') return { video: { mode: 'none' }, reasons: ['Only the sound is wanted.'] }
  if (!facts) return { video: { mode: 'none' }, reasons: ['The source has no picture.'] }
  const copied: VideoPlan = { mode: 'copy', streamIndex: facts.streamIndex, rung: null }
  if (preset.video === 'source') return { video: copied, reasons: ['The picture is kept as it is.'] }
  if (facts.dolbyVisionProfile === 5) {
    throw new SluiceError(
      'UnsupportedMedia',
      'The video is Dolby Vision profile 5, whose colours cannot be converted. The preset "original" keeps it as it is.',
    )
  }
  const { encoded, reason } = encode(question, facts)
  const obstacle = whyNotCopied(question, facts)
  if (obstacle !== null) return { video: encoded, reasons: [`The picture is encoded: ${obstacle}`, reason] }
  if (preset.delivery !== 'stream')
    return { video: copied, reasons: ['The picture fits as it is and is copied without loss.'] }
  const { video, reasons } = decideTopRung(facts, encoded)
  return { video, reasons: video.mode === 'encode' ? [...reasons, reason] : reasons }
}

/** The first reason against copying the picture into an MP4 for browsers; null when there is none. */
const whyNotCopied = ({ container, cap }: VideoQuestion, facts: VideoFacts): string | null => {
  if (facts.codec !== 'h264') return `${facts.codec} is not H.264.`
  if (!COPIED_PROFILES.has(facts.profile ?? '')) return `the profile ${facts.profile ?? 'is unknown'}.`
  if (!COPIED_PIXEL_FORMATS.has(facts.pixelFormat ?? '')) return `its pixels are ${facts.pixelFormat ?? 'unknown'}.`
  if (facts.level !== null && facts.level > HIGHEST_LEVEL) return `its level is ${facts.level / 10}.`
  if (facts.interlaced) return 'it is interlaced.'
  if (!facts.squarePixels) return 'its pixels are not square.'
  if (facts.rotation % 90 !== 0) return `it is turned by ${facts.rotation}°.`
  if (colourOf(facts) === 'bt2020' || facts.dynamicRange !== 'sdr') return 'its colours are beyond BT.709.'
  if (Math.min(facts.width, facts.height) > cap) return `it is larger than ${cap} lines.`
  if (!COPIED_CONTAINERS.test(container)) return `${container} does not keep its times.`
  return null
}

const encode = (
  { preset, cap, storyboardBranch, cut }: VideoQuestion,
  facts: VideoFacts,
): { encoded: VideoEncode; reason: string } => {
  const frameRate = cappedRate(facts.frameRate)
  const source = { width: facts.width, height: facts.height, frameRate: frameRate?.perSecond ?? null }
  const { starts, reason } = cut(facts, frameRate?.fraction ?? null)
  const encoded: VideoEncode = {
    mode: 'encode',
    streamIndex: facts.streamIndex,
    copied: null,
    renditions: preset.delivery === 'stream' ? ladder(source, cap) : [singleRendition(source, cap)],
    frameRate: frameRate?.fraction ?? null,
    keyframeIntervalMs: KEYFRAME_INTERVAL_MS,
    deinterlace: facts.interlaced,
    colour: colourOf(facts),
    expectedMs: facts.endMs > 0 ? facts.endMs : null,
    storyboardBranch,
    chunkStarts: starts,
  }
  return { encoded, reason }
}

/** Every second, third … frame where there are more than 60 a second; so motion stays even. */
export const cappedRate = (fraction: string | null): { fraction: string; perSecond: number } | null => {
  const { numerator, denominator } = frameRateParts(fraction ?? '')
  if (!(numerator > 0) || !(denominator > 0)) return null
  const divisor = Math.max(1, Math.ceil(numerator / denominator / HIGHEST_RATE - 0.01))
  return {
    fraction: `${numerator}/${denominator * divisor}`,
    perSecond: numerator / (denominator * divisor),
  }
}

/** How the source's colours are meant. */
export const colourOf = (facts: VideoFacts): InputColour => {
  if (facts.dynamicRange !== 'sdr') return facts.dynamicRange
  if (facts.colourSpace?.startsWith('bt2020')) return 'bt2020'
  if (facts.colourSpace === 'bt709') return 'bt709'
  if (facts.colourSpace === 'smpte170m' || facts.colourSpace === 'bt470bg' || facts.colourSpace === 'fcc')
    return 'bt601'
  return Math.min(facts.width, facts.height) >= HD_LINES ? 'bt709' : 'bt601'
}
