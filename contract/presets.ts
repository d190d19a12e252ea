import { ARCHIVE, HIGH, MOBILE, SMALL, STANDARD, WEBM, type PictureQuality, type VideoCodec } from './qualities.ts'

/**
 * What can come out. Presets are data: the planner and the downloader read them, nothing else knows a preset by name.
 * No zod here: workflows read this inside their sandbox.
 */
export interface Preset {
  readonly name: string
  readonly title: string
  readonly description: string
  /** `source`: take what is there; `none`: no picture. */
  readonly video: 'source' | VideoCodec | 'none'
  /** Null where no picture is encoded. */
  readonly quality: PictureQuality | null
  readonly audio: 'source' | 'aac' | 'opus' | 'choice'
  /** Bits a second for two channels; null for what the codec needs to be hardly told from the original. */
  readonly audioBitrateBps: number | null
  /** Sound with more channels is mixed down to two. */
  readonly channels: number
  /** Which sound tracks are delivered, each like the first: players of one file mostly offer no choice. */
  readonly tracks: 'every' | 'default'
  /** Whether sound is brought to one loudness where a job says nothing about it. */
  readonly loudness: boolean
  /** `file`: one file with faststart; `stream`: a ladder as HLS and DASH over the same CMAF segments. */
  readonly delivery: 'file' | 'stream'
  /** Of a file with a picture; null where the source decides, or there is none. */
  readonly container: 'mp4' | 'webm' | 'mkv' | null
  /** Cap of the shorter displayed side in pixels; null for none. */
  readonly maxHeight: number | null
  /** yt-dlp `-S`: which of several formats to prefer. `{height}` is replaced by the cap, or its term dropped without one. */
  readonly formatSort: readonly string[]
  /** yt-dlp `-f`. */
  readonly format: string
}

/** What presets have in common whose sound is that of MP4 for everybody. */
const STEREO_AAC = { audio: 'aac', audioBitrateBps: null, channels: 2, loudness: false } as const
const MP4 = { delivery: 'file', container: 'mp4', tracks: 'default', ...STEREO_AAC } as const
/** The best picture and sound there are; of several that are equally good, those that may be copied. */
const ANY_VIDEO = 'bv*+ba/b'
const PREFER_MP4 = ['res:{height}', 'vcodec:h264', 'acodec:aac', 'vext:mp4', 'aext:m4a'] as const

export const PRESETS = {
  web: {
    name: 'web',
    title: 'Web video',
    description: 'H.264 and AAC in an MP4 of at most 1080p; copied without loss where the source already fits.',
    video: 'h264',
    quality: STANDARD,
    ...MP4,
    maxHeight: 1080,
    format: ANY_VIDEO,
    formatSort: PREFER_MP4,
  },
  original: {
    name: 'original',
    title: 'Original',
    description: 'The best the source has, never encoded again; put into another container only where it must be.',
    video: 'source',
    quality: null,
    audio: 'source',
    audioBitrateBps: null,
    channels: 2,
    tracks: 'every',
    loudness: false,
    delivery: 'file',
    container: null,
    maxHeight: null,
    format: ANY_VIDEO,
    formatSort: ['res:{height}'],
  },
  stream: {
    name: 'stream',
    title: 'Adaptive stream',
    description:
      'HLS and DASH over the same segments, in a ladder of sizes never above that of the source, with every sound track.',
    video: 'h264',
    quality: STANDARD,
    ...STEREO_AAC,
    tracks: 'every',
    delivery: 'stream',
    container: null,
    maxHeight: 1080,
    format: ANY_VIDEO,
    formatSort: ['res:{height}', 'vcodec:h264', 'acodec:aac'],
  },
  audio: {
    name: 'audio',
    title: 'Audio only',
    description:
      'The sound alone, as m4a, mp3 or opus, at one loudness; copied without loss where the source already fits.',
    video: 'none',
    quality: null,
    audio: 'choice',
    audioBitrateBps: null,
    channels: 2,
    tracks: 'default',
    loudness: true,
    delivery: 'file',
    container: null,
    maxHeight: null,
    format: 'ba/b',
    formatSort: ['acodec:{audio}'],
  },
  'high-quality': {
    name: 'high-quality',
    title: 'High quality',
    description: 'H.264 and AAC in an MP4 of up to 2160p that is hardly told from the source; plays in every browser.',
    video: 'h264',
    quality: HIGH,
    ...MP4,
    audioBitrateBps: 256_000,
    channels: 6,
    maxHeight: 2160,
    format: ANY_VIDEO,
    formatSort: PREFER_MP4,
  },
  webm: {
    name: 'webm',
    title: 'WebM',
    description: 'VP9 and Opus in a WebM of at most 1080p, free of patents; copied without loss where the source fits.',
    video: 'vp9',
    quality: WEBM,
    audio: 'opus',
    audioBitrateBps: null,
    channels: 2,
    tracks: 'default',
    loudness: false,
    delivery: 'file',
    container: 'webm',
    maxHeight: 1080,
    format: ANY_VIDEO,
    formatSort: ['res:{height}', 'vcodec:vp9', 'acodec:opus', 'vext:webm', 'aext:webm'],
  },
  archive: {
    name: 'archive',
    title: 'Archive',
    description:
      'AV1 and Opus in a Matroska file, in full size and dynamic range, with every sound track and subtitle.',
    video: 'av1',
    quality: ARCHIVE,
    audio: 'opus',
    audioBitrateBps: null,
    channels: 8,
    tracks: 'every',
    loudness: false,
    delivery: 'file',
    container: 'mkv',
    maxHeight: null,
    format: ANY_VIDEO,
    formatSort: ['res:{height}'],
  },
  mobile: {
    name: 'mobile',
    title: 'Mobile',
    description: 'H.264 and AAC in an MP4 of at most 720p and 30 frames a second, for phones of any age.',
    video: 'h264',
    quality: MOBILE,
    ...MP4,
    audioBitrateBps: 112_000,
    maxHeight: 720,
    format: ANY_VIDEO,
    formatSort: PREFER_MP4,
  },
  small: {
    name: 'small',
    title: 'Small',
    description: 'H.264 and AAC in an MP4 of at most 480p, compressed hard: 5 MB a minute at most.',
    video: 'h264',
    quality: SMALL,
    ...MP4,
    audioBitrateBps: 64_000,
    maxHeight: 480,
    format: ANY_VIDEO,
    formatSort: PREFER_MP4,
  },
} as const satisfies Record<string, Preset>

export const PRESET_NAMES = [
  'web',
  'original',
  'stream',
  'audio',
  'high-quality',
  'webm',
  'archive',
  'mobile',
  'small',
] as const satisfies readonly (keyof typeof PRESETS)[]
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
  /** Bring the sound to one loudness, or leave it as it is; where it is left out the preset decides. */
  loudness?: boolean | undefined
  /** The part that is wanted, in milliseconds from the beginning; where one is left out, from the beginning or to the end. */
  startMs?: number | undefined
  endMs?: number | undefined
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
  if (options.loudness === true && PRESETS[preset].audio === 'source') {
    idle.push({ option: 'loudness', why: `the preset ${preset} keeps the sound as it is` })
  }
  if (options.audioFormat !== undefined && PRESETS[preset].audio !== 'choice') {
    idle.push({
      option: 'audioFormat',
      why: `the preset ${preset} has no choice of audio formats; the preset audio has`,
    })
  }
  return idle
}

/** Whether the sound is brought to one loudness. */
export const wantsLoudness = (preset: PresetName, options: Pick<JobOptions, 'loudness'>): boolean =>
  PRESETS[preset].audio !== 'source' && (options.loudness ?? PRESETS[preset].loudness)

/** Whether each sound track is made like the first, and not only copied: then all of them have to be known. */
export const makesEverySound = ({ tracks, audio }: Pick<Preset, 'tracks' | 'audio'>): boolean =>
  tracks === 'every' && audio !== 'source'
