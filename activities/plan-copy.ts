import type { PictureQuality, VideoCodec } from '../contract/qualities.ts'
import type { VideoFacts } from '../contract/source-facts.ts'
import { maxrateOf } from './plan-ladder.ts'
import { colourOf } from './plan-colour.ts'
import { frameRateParts } from '../tools/frame-rate.ts'

/** What of a codec is played wherever the codec is. */
interface CopyRule {
  /** As people call it. */
  title: string
  profiles: ReadonlySet<string>
  pixelFormats: ReadonlySet<string>
  /** Ten times what people call it; null where no level is too high. */
  highestLevel: number | null
  /** Whether its container can have pictures turned: Matroska does it in a way that few players know. */
  turns: boolean
}

const RULES: Readonly<Record<VideoCodec, CopyRule>> = {
  h264: {
    title: 'H.264',
    profiles: new Set(['Constrained Baseline', 'Baseline', 'Main', 'High', 'Progressive High']),
    pixelFormats: new Set(['yuv420p', 'yuvj420p']),
    // 5.2: 4K at 60 frames. Above it hardware decoders give up.
    highestLevel: 52,
    turns: true,
  },
  vp9: {
    title: 'VP9',
    profiles: new Set(['Profile 0']),
    pixelFormats: new Set(['yuv420p']),
    highestLevel: null,
    turns: false,
  },
  av1: {
    title: 'AV1',
    profiles: new Set(['Main']),
    pixelFormats: new Set(['yuv420p', 'yuv420p10le']),
    highestLevel: null,
    turns: false,
  },
}

/** For decoders that know no more than Main. */
const MAIN_PROFILES = new Set(['Constrained Baseline', 'Baseline', 'Main'])

/** Containers that carry presentation times whole; AVI does not. */
const COPIED_CONTAINERS = /^(mov,|matroska|mpegts|flv)/

export interface CopyQuestion {
  container: string
  /** Cap of the shorter displayed side, in pixels. */
  cap: number
  quality: PictureQuality
}

/** The first reason against copying the picture into a file of the preset's; null when there is none. */
export const whyNotCopied = (facts: VideoFacts, { container, cap, quality }: CopyQuestion): string | null => {
  const rule = RULES[quality.codec]
  if (facts.timed === 'absurd') return 'its times jump by hours.'
  const profiles = quality.profile === 'main' ? MAIN_PROFILES : rule.profiles
  if (facts.codec !== quality.codec) return `${facts.codec} is not ${rule.title}.`
  if (!profiles.has(facts.profile ?? '')) return `the profile ${facts.profile ?? 'is unknown'}.`
  if (!rule.pixelFormats.has(facts.pixelFormat ?? '')) return `its pixels are ${facts.pixelFormat ?? 'unknown'}.`
  if (rule.highestLevel !== null && facts.level !== null && facts.level > rule.highestLevel)
    return `its level is ${facts.level / 10}.`
  if (facts.interlaced) return 'it is interlaced.'
  if (!facts.squarePixels) return 'its pixels are not square.'
  if (rule.turns ? facts.rotation % 90 !== 0 : facts.rotation !== 0) return `it is turned by ${facts.rotation}°.`
  if (quality.range === 'standard' && (colourOf(facts) === 'bt2020' || facts.dynamicRange !== 'sdr'))
    return 'its colours are beyond BT.709.'
  if (colourOf(facts) === 'ycgco') return 'its colours are YCgCo.'
  if (Math.min(facts.width, facts.height) > cap) return `it is larger than ${cap} lines.`
  if (!COPIED_CONTAINERS.test(container)) return `${container} does not keep its times.`
  return quality.small ? whyNotSmall(facts, quality) : null
}

const whyNotSmall = (facts: VideoFacts, quality: PictureQuality): string | null => {
  const { numerator, denominator } = frameRateParts(facts.frameRate ?? 'unknown')
  const frameRate = numerator / denominator
  if (!(frameRate <= quality.highestRate + 0.01)) return `it may have more than ${quality.highestRate} frames a second.`
  const most = maxrateOf(quality, Math.min(facts.width, facts.height), frameRate)
  if (most !== null && !(facts.bitrateBps !== null && facts.bitrateBps <= most))
    return `it needs more than ${(most / 1e6).toFixed(1)} Mbit/s.`
  return null
}
