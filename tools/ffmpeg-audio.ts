import type { AudioEncode, SoundPlan } from '../contract/plan.ts'
import { clockArgs, inputArgs, QUIET_ARGS, type SourceClock } from './ffmpeg-input.ts'
import { languageArgs } from './ffmpeg-language.ts'
import { PROGRESS_ARGS } from './ffmpeg-progress.ts'
import { inStepFilters } from './sound-in-step.ts'

const ENCODERS: Readonly<Record<AudioEncode['codec'], string>> = { aac: 'aac', mp3: 'libmp3lame', opus: 'libopus' }
const EXTENSIONS: Readonly<Record<AudioEncode['codec'], string>> = { aac: 'm4a', mp3: 'mp3', opus: 'opus' }

/** Name of the file that holds an encoded sound track. */
export const audioFileName = ({ name, codec }: Pick<SoundPlan, 'name'> & AudioEncode): string =>
  `${name}.${EXTENSIONS[codec]}`

/**
 * The sound as it goes to the encoder, but for its loudness: in step, in the planned shape, and in floats, which neither clip nor
 * are turned down when channels are mixed.
 */
export const shapeSound = (audio: AudioEncode): string[] => [inStepFilters(audio), formatOf(audio, 'fltp')]

const formatOf = ({ sampleRateHz, channels }: AudioEncode, samples: string): string =>
  `aformat=sample_fmts=${samples}:sample_rates=${sampleRateHz}:channel_layouts=${LAYOUTS[channels] ?? 'stereo'}`

/**
 * Arguments that read a sound track through filters, for the outputs behind them. Where channels or rate change on the way, as from
 * a film to what is advertised in it, ffmpeg makes its filters anew, and they would count from the beginning again. So it is
 * brought into one shape first, by filters that count nothing, and read from there (`-dec`: a decoder of what an encoder made).
 */
export const filteredSound = (
  audio: AudioEncode,
  { source, clock }: Pick<AudioJob, 'source' | 'clock'>,
  filters: readonly string[],
): string[] => {
  const { streamIndex, endMs, shapeChanges } = audio
  const input = [...inputArgs(source, clock), '-map', `0:${streamIndex}`]
  if (shapeChanges !== true) return [...input, '-af', filters.join(',')]
  const shaped = [...(endMs === null ? [] : [`atrim=end=${endMs / 1_000}`]), formatOf(audio, 'flt')]
  const loop = ['-c:a', 'pcm_f32le', '-f', 'null', '-', '-dec', '0:0']
  return [
    ...input,
    '-af',
    shaped.join(','),
    ...loop,
    '-filter_complex',
    `[dec:0]${filters.join(',')}[sound]`,
    '-map',
    '[sound]',
  ]
}

const LAYOUTS: Readonly<Record<number, string>> = { 1: 'mono', 2: 'stereo', 6: '5.1', 8: '7.1' }

export interface AudioJob {
  audio: AudioEncode
  /** As ISO 639-2; null where nobody knows it. */
  language: string | null
  source: string
  output: string
  /** Filters that change how loud it is. */
  level: readonly string[]
  clock: SourceClock
}

/** Arguments of the ffmpeg that makes a whole sound track in one piece. */
export const audioArgs = ({ audio, language, source, output, level, clock }: AudioJob): string[] => {
  // Rate and channels once more as options: filters may end in others, as `loudnorm` does in 192 kHz.
  const filters = [...(audio.loudness ? shapeSound(audio) : [inStepFilters(audio)]), ...level]
  const shape = ['-ac', `${audio.channels}`, '-ar', `${audio.sampleRateHz}`]
  const codec = ['-c:a', ENCODERS[audio.codec], '-b:a', `${audio.bitrateBps}`]
  const bare = ['-map_metadata', '-1', '-map_chapters', '-1']
  return [
    ...QUIET_ARGS,
    ...PROGRESS_ARGS,
    ...filteredSound(audio, { source, clock }, filters),
    ...bare,
    ...languageArgs('s:0', language),
    ...shape,
    ...codec,
    output,
    ...clockArgs(clock),
  ]
}
