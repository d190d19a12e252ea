/**
 * What can come out. Presets are data: the planner and the downloader read them, nothing else knows a preset by name.
 * No zod here: workflows read this inside their sandbox.
 */
export interface Preset {
  readonly name: string
  readonly title: string
  readonly description: string
  /** `source`: take what is there; `h264`: H.264 that every browser plays; `none`: no picture. */
  readonly video: 'source' | 'h264' | 'none'
  readonly audio: 'source' | 'aac' | 'choice'
  /** `file`: one file with faststart; `stream`: a ladder as HLS and DASH over the same CMAF segments. */
  readonly delivery: 'file' | 'stream'
  /** Cap of the shorter displayed side in pixels; null for none. */
  readonly maxHeight: number | null
  /** yt-dlp `-S`: which of several formats to prefer. `{height}` is replaced by the cap, or its term dropped without one. */
  readonly formatSort: readonly string[]
  /** yt-dlp `-f`. */
  readonly format: string
}

export const PRESETS = {
  web: {
    name: 'web',
    title: 'Web video',
    description: 'H.264 and AAC in an MP4 of at most 1080p; copied without loss where the source already fits.',
    video: 'h264',
    audio: 'aac',
    delivery: 'file',
    maxHeight: 1080,
    format: 'bv*+ba/b',
    formatSort: ['res:{height}', 'vcodec:h264', 'acodec:aac', 'vext:mp4', 'aext:m4a'],
  },
  original: {
    name: 'original',
    title: 'Original',
    description: 'The best the source has, never encoded again; put into another container only where it must be.',
    video: 'source',
    audio: 'source',
    delivery: 'file',
    maxHeight: null,
    format: 'bv*+ba/b',
    formatSort: ['res:{height}'],
  },
  stream: {
    name: 'stream',
    title: 'Adaptive stream',
    description: 'HLS and DASH over the same segments, in a ladder of sizes never above that of the source.',
    video: 'h264',
    audio: 'aac',
    delivery: 'stream',
    maxHeight: 1080,
    format: 'bv*+ba/b',
    formatSort: ['res:{height}', 'vcodec:h264', 'acodec:aac'],
  },
  audio: {
    name: 'audio',
    title: 'Audio only',
    description: 'The sound alone, as m4a, mp3 or opus; copied without loss where the source already fits.',
    video: 'none',
    audio: 'choice',
    delivery: 'file',
    maxHeight: null,
    format: 'ba/b',
    formatSort: ['acodec:{audio}'],
  },
} as const satisfies Record<string, Preset>

export const PRESET_NAMES = ['web', 'original', 'stream', 'audio'] as const satisfies readonly (keyof typeof PRESETS)[]
export type PresetName = (typeof PRESET_NAMES)[number]
export const DEFAULT_PRESET: PresetName = 'web'

export const AUDIO_FORMATS = ['m4a', 'mp3', 'opus'] as const
export type AudioFormat = (typeof AUDIO_FORMATS)[number]
export const DEFAULT_AUDIO_FORMAT: AudioFormat = 'm4a'

/** What a client may set beside the preset. */
export interface JobOptions {
  /** Cap of the shorter displayed side, in pixels; lowers the preset's own cap, never raises it above the source. */
  maxHeight?: number | undefined
  /** Largest acceptable download, in bytes. */
  maxSizeBytes?: number | undefined
  /** Keep the downloaded file in the library beside what is made from it. */
  keepSource?: boolean | undefined
  /** `audio` only. */
  audioFormat?: AudioFormat | undefined
}

/** Of `maxHeight`, in pixels. */
export const HEIGHT_LIMITS = { min: 16, max: 8640 } as const

/** Options that would change nothing with this preset, with why. What asks for one means another preset. */
export const idleOptions = (preset: PresetName, options: JobOptions): { option: keyof JobOptions; why: string }[] => {
  const idle: { option: keyof JobOptions; why: string }[] = []
  if (options.maxHeight !== undefined && PRESETS[preset].video === 'none') {
    idle.push({ option: 'maxHeight', why: `the preset ${preset} has no picture` })
  }
  if (options.audioFormat !== undefined && PRESETS[preset].audio !== 'choice') {
    idle.push({
      option: 'audioFormat',
      why: `the preset ${preset} has no choice of audio formats; the preset audio has`,
    })
  }
  return idle
}
