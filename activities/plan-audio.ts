import { SluiceError } from '../contract/failures.ts'
import type { AudioPlan } from '../contract/plan.ts'
import { DEFAULT_AUDIO_FORMAT, type AudioFormat, type Preset } from '../contract/presets.ts'
import type { AudioFacts } from '../contract/source-facts.ts'

type AudioCodec = 'aac' | 'mp3' | 'opus'

/** Bits a second a channel pair; half of it for one channel. Each is where its encoder stops being told from the original. */
const STEREO_BPS: Readonly<Record<AudioCodec, number>> = { aac: 160_000, mp3: 192_000, opus: 128_000 }
const CODEC_OF: Readonly<Record<AudioFormat, AudioCodec>> = { m4a: 'aac', mp3: 'mp3', opus: 'opus' }
const PLAYED_RATES: readonly number[] = [44_100, 48_000]
/** AAC-LC first; the HE profiles play everywhere in a file but are announced in two ways in a stream. */
const FILE_PROFILES = new Set<string | null>(['LC', 'HE-AAC', 'HE-AACv2', null])
const STREAM_PROFILES = new Set<string | null>(['LC'])
/** Sound that begins later than this after the picture is padded with silence, which needs an encode. */
const STREAM_START_TOLERANCE_MS = 5

export interface AudioDecision {
  audio: AudioPlan
  reasons: string[]
}

export interface AudioQuestion {
  facts: AudioFacts | null
  preset: Preset
  format: AudioFormat | undefined
}

/**
 * Copies the sound where it fits as it is, else encodes it.
 * @throws SluiceError UnsupportedMedia when only sound is wanted and there is none.
 */
export const decideAudio = ({ facts, preset, format }: AudioQuestion): AudioDecision => {
  if (!facts) {
    if (preset.video === 'none') throw new SluiceError('UnsupportedMedia', 'The source has no sound.')
    return { audio: { mode: 'none' }, reasons: ['The source has no sound.'] }
  }
  const copied: AudioPlan = { mode: 'copy', streamIndex: facts.streamIndex, codec: facts.codec }
  if (preset.audio === 'source') return { audio: copied, reasons: ['The sound is kept as it is.'] }
  const codec = preset.audio === 'choice' ? CODEC_OF[format ?? DEFAULT_AUDIO_FORMAT] : 'aac'
  if (fits(facts, codec, preset)) {
    return { audio: copied, reasons: ['The sound fits as it is and is copied without loss.'] }
  }
  return { audio: encode(facts, codec), reasons: [`The sound is encoded from ${facts.codec} to ${codec}.`] }
}

const fits = (facts: AudioFacts, codec: AudioCodec, preset: Preset): boolean => {
  if (facts.codec !== codec) return false
  if (preset.audio === 'choice') return true
  if (facts.channels < 1 || facts.channels > 2 || !PLAYED_RATES.includes(facts.sampleRateHz)) return false
  if (preset.delivery === 'file') return FILE_PROFILES.has(facts.profile)
  return STREAM_PROFILES.has(facts.profile) && Math.abs(facts.startMs) <= STREAM_START_TOLERANCE_MS
}

const encode = (facts: AudioFacts, codec: AudioCodec): AudioPlan => {
  const channels = facts.channels === 1 ? 1 : 2
  return {
    mode: 'encode',
    streamIndex: facts.streamIndex,
    codec,
    bitrateBps: (STEREO_BPS[codec] * channels) / 2,
    channels,
    // Opus knows one rate. The others keep the family of the source, as 44.1 to 48 kHz is a costly conversion.
    sampleRateHz: codec !== 'opus' && facts.sampleRateHz % 11_025 === 0 ? 44_100 : 48_000,
    expectedMs: facts.endMs > 0 ? facts.endMs : null,
  }
}
