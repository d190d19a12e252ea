import { LOUDNESS_TARGET } from '../contract/loudness.ts'
import type { AudioEncode, AudioPlan, Excerpt } from '../contract/plan.ts'
import { DEFAULT_AUDIO_FORMAT, type AudioFormat, type Preset } from '../contract/presets.ts'
import type { AudioCodec } from '../contract/qualities.ts'
import type { AudioFacts } from '../contract/source-facts.ts'

/** Bits a second for two channels; half of it for one. Each is where its encoder stops being told from the original. */
const STEREO_BPS: Readonly<Record<AudioCodec, number>> = { aac: 160_000, mp3: 192_000, opus: 128_000 }
const CODEC_OF: Readonly<Record<AudioFormat, AudioCodec>> = { m4a: 'aac', mp3: 'mp3', opus: 'opus' }
/** Mono, stereo, 5.1 and 7.1. */
const USUAL_CHANNELS: readonly number[] = [1, 2, 6, 8]
const PLAYED_RATES: readonly number[] = [44_100, 48_000]
/** AAC-LC first; the HE profiles play everywhere in a file but are announced in two ways in a stream. */
const FILE_PROFILES = new Set<string | null>(['LC', 'HE-AAC', 'HE-AACv2', null])
const STREAM_PROFILES = new Set<string | null>(['LC'])
/** Sound alone would lose the silence before it. */
const LATE_MS = 100
/** Sound that begins later than this after the picture is padded with silence, which needs an encode. */
const STREAM_START_TOLERANCE_MS = 5
/** Encoders put up to some 60 ms in front of what is heard. Players of segments that take no notice of edit lists play more too late. */
const STREAM_LEAD_MS = 100

export interface AudioDecision {
  audio: AudioPlan
  reason: string
}

export interface AudioQuestion {
  facts: AudioFacts
  preset: Preset
  format: AudioFormat | undefined
  /** Where the output's time begins, from the start of the container. */
  originMs: number
  excerpt: Excerpt | null
  /** Whether it is brought to one loudness. */
  levelled: boolean
  /** Of the source: its container describes each stream once and for all. */
  steadyClock: boolean
}

/** Copies a sound track where it fits as it is, else encodes it. */
export const decideAudio = ({
  facts,
  steadyClock,
  preset,
  format,
  originMs,
  levelled,
  excerpt,
}: AudioQuestion): AudioDecision => {
  const { streamIndex } = facts
  const copied: AudioPlan = { mode: 'copy', streamIndex, codec: facts.codec, expectedMs: expectedEnd(facts) }
  if (preset.audio === 'source') return { audio: copied, reason: 'The sound is kept as it is.' }
  const codec = preset.audio === 'choice' ? CODEC_OF[format ?? DEFAULT_AUDIO_FORMAT] : preset.audio
  const fitting = !excerpt && fits(facts, codec, { preset, originMs })
  if (fitting && !levelled) return { audio: copied, reason: 'The sound fits as it is and is copied without loss.' }
  const endMs = excerpt?.endMs ?? null
  const audio: AudioEncode = {
    ...encode(facts, codec, preset),
    originMs,
    endMs,
    counted: facts.absurd,
    ...unevenness(facts, steadyClock),
  }
  if (!levelled) return { audio, reason: `The sound is encoded from ${facts.codec} to ${codec}.` }
  const loudness = { ...LOUDNESS_TARGET, copyWithinLu: fitting ? COPY_WITHIN_LU : null }
  const reason = fitting
    ? 'The sound fits as it is and is encoded only if its loudness is another.'
    : `The sound is encoded from ${facts.codec} to ${codec}, at one loudness.`
  return { audio: { ...audio, loudness }, reason }
}

/** Each frame of these says its channels and rate for itself; of others a container does, if it has a place for that. */
const SELF_DESCRIBED: readonly string[] = ['ac3', 'eac3', 'dts', 'truehd', 'mp1', 'mp2', 'mp3']

const unevenness = (
  { holes, codec }: AudioFacts,
  steadyClock: boolean,
): Pick<AudioEncode, 'holes' | 'shapeChanges'> => ({
  ...(holes && { holes }),
  ...((!steadyClock || SELF_DESCRIBED.includes(codec)) && { shapeChanges: true }),
})

/** Less is hardly heard, and an encode costs more than it. */
const COPY_WITHIN_LU = 1

const fits = (
  facts: AudioFacts,
  codec: AudioCodec,
  { preset, originMs }: Pick<AudioQuestion, 'preset' | 'originMs'>,
): boolean => {
  // Players do not agree on what to do where a track has nothing.
  if (facts.codec !== codec || facts.absurd || facts.longestHoleMs !== undefined || facts.shapeChanges) return false
  if (preset.audio === 'choice') return facts.startMs - originMs <= LATE_MS
  if (facts.channels < 1 || facts.channels > preset.channels || !PLAYED_RATES.includes(facts.sampleRateHz)) return false
  if (preset.quality?.small === true && !isSmall(facts, codec, preset)) return false
  if (codec !== 'aac') return true
  if (preset.delivery === 'file') return FILE_PROFILES.has(facts.profile)
  const inStep = Math.abs(facts.startMs - originMs) <= STREAM_START_TOLERANCE_MS && facts.leadMs <= STREAM_LEAD_MS
  return STREAM_PROFILES.has(facts.profile) && inStep
}

/** Up to a fourth more bits are not worth another encode. */
const isSmall = (facts: AudioFacts, codec: AudioCodec, preset: Preset): boolean =>
  facts.bitrateBps !== null && facts.bitrateBps <= bitrateFor(facts, codec, preset) * 1.25

const encode = (
  facts: AudioFacts,
  codec: AudioCodec,
  preset: Preset,
): Omit<AudioEncode, 'originMs' | 'endMs' | 'counted' | 'holes' | 'shapeChanges'> => {
  const channels = channelsFor(facts, preset)
  return {
    mode: 'encode',
    streamIndex: facts.streamIndex,
    codec,
    bitrateBps: bitrateFor(facts, codec, preset),
    channels,
    // Opus knows one rate. The others keep the family of the source, as 44.1 to 48 kHz is a costly conversion.
    sampleRateHz: codec !== 'opus' && facts.sampleRateHz % 11_025 === 0 ? 44_100 : 48_000,
    loudness: null,
    expectedMs: expectedEnd(facts),
  }
}

const expectedEnd = ({ endMs }: AudioFacts): number | null => (endMs > 0 ? endMs : null)

/** As many as the source has, as far as there is a usual order for them; else two. */
const channelsFor = ({ channels }: AudioFacts, preset: Preset): number => {
  if (channels === 1) return 1
  return USUAL_CHANNELS.includes(channels) && channels <= preset.channels ? channels : 2
}

/** Beyond two, channels have less to say, and what they share is coded once. */
const SURROUND_FACTOR = 2 / 3

const bitrateFor = (facts: AudioFacts, codec: AudioCodec, preset: Preset): number => {
  const channels = channelsFor(facts, preset)
  const bitrateBps = ((preset.audioBitrateBps ?? STEREO_BPS[codec]) * channels) / 2
  return channels > 2 ? Math.round(bitrateBps * SURROUND_FACTOR) : bitrateBps
}
