import type { AudioPlan, SoundPlan } from '../contract/plan.ts'
import { clockArgs, inputArgs, QUIET_ARGS } from './ffmpeg-input.ts'
import { languageArgs } from './ffmpeg-language.ts'
import { PROGRESS_ARGS } from './ffmpeg-progress.ts'

export type AudioEncode = Extract<AudioPlan, { mode: 'encode' }>

const ENCODERS: Readonly<Record<AudioEncode['codec'], string>> = { aac: 'aac', mp3: 'libmp3lame', opus: 'libopus' }
const EXTENSIONS: Readonly<Record<AudioEncode['codec'], string>> = { aac: 'm4a', mp3: 'mp3', opus: 'opus' }

/** Name of the file that holds an encoded sound track. */
export const audioFileName = ({ name, codec }: Pick<SoundPlan, 'name'> & AudioEncode): string =>
  `${name}.${EXTENSIONS[codec]}`

/**
 * Sound that begins where the picture's time begins: silence is put before it and into gaps, and what overlaps is cut, so that it
 * stays in step with the picture. What the encoder itself puts in front is taken off by the container's edit list.
 */
const inStep = ({ originMs, endMs, counted }: AudioEncode): string => {
  const filled = [...(counted ? ['asetpts=N/SR/TB'] : []), 'aresample=async=1:first_pts=0']
  if (originMs === 0 && endMs === null) return filled.join(',')
  const fromS = originMs / 1_000
  const to = endMs === null ? '' : `:end=${endMs / 1_000}`
  return [...filled.slice(0, -1), `atrim=start=${fromS}${to},asetpts=PTS-${fromS}/TB`, ...filled.slice(-1)].join(',')
}

/**
 * The sound as it goes to the encoder, but for its loudness: in step, in the planned shape, and in floats, which neither clip nor
 * are turned down when channels are mixed.
 */
export const shapeSound = (audio: AudioEncode): string[] => [
  inStep(audio),
  `aformat=sample_fmts=fltp:sample_rates=${audio.sampleRateHz}:channel_layouts=${LAYOUTS[audio.channels] ?? 'stereo'}`,
]

const LAYOUTS: Readonly<Record<number, string>> = { 1: 'mono', 2: 'stereo', 6: '5.1', 8: '7.1' }

export interface AudioJob {
  audio: AudioEncode
  /** As ISO 639-2; null where nobody knows it. */
  language: string | null
  source: string
  output: string
  /** Filters that change how loud it is. */
  level: readonly string[]
  /** Of the source, that are read together. */
  clockStreams: readonly number[]
}

/** Arguments of the ffmpeg that makes a whole sound track in one piece. */
export const audioArgs = ({ audio, language, source, output, level, clockStreams }: AudioJob): string[] => {
  // Rate and channels once more as options: filters may end in others, as `loudnorm` does in 192 kHz.
  const filters = [...(audio.loudness ? shapeSound(audio) : [inStep(audio)]), ...level].join(',')
  const shape = ['-ac', `${audio.channels}`, '-ar', `${audio.sampleRateHz}`, '-af', filters]
  const codec = ['-c:a', ENCODERS[audio.codec], '-b:a', `${audio.bitrateBps}`]
  const bare = ['-map_metadata', '-1', '-map_chapters', '-1']
  return [
    ...QUIET_ARGS,
    ...PROGRESS_ARGS,
    ...inputArgs(source),
    '-map',
    `0:${audio.streamIndex}`,
    ...bare,
    ...languageArgs('s:0', language),
    ...shape,
    ...codec,
    output,
    ...clockArgs(clockStreams),
  ]
}
