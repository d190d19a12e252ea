/**
 * What the planner decided, as data that the other steps carry out. It lies in the workflow's history, so that tuning the
 * planner never breaks a replay. No zod here: workflows read these types inside their sandbox.
 */

import type { LoudnessPlan } from './loudness.ts'
import type { PictureQuality } from './qualities.ts'
import type { Hole, SoundRole } from './source-facts.ts'

/** Keyframes of what is encoded stand this far apart: segments can start on them, and a player finds its place quickly. */
export const KEYFRAME_INTERVAL_MS = 2_000
/** Segments of a stream start on the first keyframe after each multiple of this. */
export const SEGMENT_MS = 4_000

/** One size of a stream's ladder, in pixels, both even. */
export interface Rung {
  /** `720p`: by the shorter displayed side. */
  name: string
  width: number
  height: number
}

/** The source's own picture as the largest rung. */
export interface CopiedRung extends Rung {
  /** As a fraction: frame `n` is shown at exactly `n` times its inverse. */
  frameRate: string
  frames: number
  /** Its pictures do not say that they are BT.709, and are told to; players may refuse to change between sizes otherwise. */
  untagged: boolean
}

/** The part of a source that is wanted, in milliseconds from the start of its container; the end is null for that of the source. */
export interface Excerpt {
  startMs: number
  endMs: number | null
}

/** A rung that is encoded. */
export interface Rendition extends Rung {
  crf: number
  /** Cap of the capped CRF; `bufsize` is twice this. Null for none. */
  maxrateBps: number | null
  /** Of H.264. */
  profile: PictureQuality['profile']
}

/**
 * How the source's colours have to be read. `bt601` and `bt709`: plain material, the matrix named or, where the source
 * names none, by size as players guess it; `ycgco`: made BT.709 before all else; `bt2020`: wide gamut without high dynamic range; `hdr10`, `hlg`: tone-mapped.
 */
export type InputColour = 'bt601' | 'bt709' | 'ycgco' | 'bt2020' | 'hdr10' | 'hlg'

export type VideoPlan =
  | { mode: 'none' }
  /**
   * The source's own stream, unchanged; `rung`: as the only size of a stream, null in a file. `frameRate`: constant, as a fraction;
   * null where frames last differently long.
   */
  | { mode: 'copy'; streamIndex: number; rung: CopiedRung | null; frameRate: string | null }
  | {
      mode: 'encode'
      streamIndex: number
      /** The source's own stream above the renditions, unchanged; null where every size is encoded. */
      copied: CopiedRung | null
      renditions: Rendition[]
      /** Of all renditions. */
      encoder: Pick<PictureQuality, 'codec' | 'speed' | 'range'>
      /** Constant output frame rate as a fraction, `30000/1001`; null keeps the source's timestamps (`-fps_mode vfr`). */
      frameRate: string | null
      /** Frames between keyframes; with a variable rate keyframes are forced by time instead. */
      keyframeIntervalMs: number
      deinterlace: boolean
      colour: InputColour
      /** What the checks of the result expect, from the start of the container to the end of the last frame. */
      expectedMs: number | null
      /**
       * Where 0 of the output lies, from the start of the container: between two frames of the source it would shift each by part
       * of a frame. Null: at the first frame that is decoded, as the container does not say when frames are shown.
       */
      originMs: number | null
      /**
       * Null: all of it. `startMs`: behind the origin, where the first frame of the output lies; `end`: counted as `chunkStarts`,
       * null for the end of the source; `seeks`: the beginning is found without decoding all that is before it.
       */
      excerpt: { startMs: number; end: number | null; seeks: boolean } | null
      /** The source's frame rate, where its times are absurd and its frames are counted instead; null where times are right. */
      countedAt: string | null
      /** Storyboard tiles made as a branch of this encode; null where the thumbnail step makes them itself. */
      storyboardBranch: StoryboardGeometry | null
      /**
       * Where the pieces begin which are encoded each by itself, each at the start of a segment: in frames of the output, in
       * milliseconds where these last differently long. `[0]`: in one piece.
       */
      chunkStarts: number[]
      /** Pieces are read from a copy with an index, without which their beginnings can't be found. */
      fromCopy: boolean
      /** Of the source: how many such a copy has. */
      sourceFrames: number
      /** Of the source, from one frame to the next, or to the end, where that takes longest: pieces of a variable rate are checked by it. */
      longestFrameMs: number
    }

/** A picture that is encoded. */
export type VideoEncode = Extract<VideoPlan, { mode: 'encode' }>

export type AudioPlan =
  /** The source's own stream, unchanged. `expectedMs` as of one that is encoded. */
  | { mode: 'copy'; streamIndex: number; codec: string; expectedMs: number | null }
  | {
      mode: 'encode'
      streamIndex: number
      codec: 'aac' | 'mp3' | 'opus'
      bitrateBps: number
      channels: number
      sampleRateHz: number
      /** Where 0 of the output lies, as in the picture. */
      originMs: number
      /** Where the last sound is, from the start of the container; null for the end of the source. */
      endMs: number | null
      /** Its times are absurd: samples are counted instead. */
      counted: boolean
      /** Long silences for which the source has no data, in milliseconds from the start of the container; left out where there are none. */
      holes?: Hole[]
      /** Channels and rate may be others further on; left out where they can't. */
      shapeChanges?: true
      /** Null: it stays as loud as it is. */
      loudness: LoudnessPlan | null
      /** What the checks of the result expect, from the start of the container. */
      expectedMs: number | null
    }

export type AudioEncode = Extract<AudioPlan, { mode: 'encode' }>

/** A sound track that is delivered. */
export type SoundPlan = AudioPlan & {
  /** Of its part of the step, its files, and its folder in a stream: `audio` for the first, `audio-fra`, `audio-3` for others. */
  name: string
  /** What people choose it by; no two have the same. */
  label: string
  role: SoundRole | null
}

/** Sheets of `columns` × `rows` tiles, each `tileWidth` × `tileHeight` pixels, one tile every `intervalMs`. */
export interface StoryboardGeometry {
  intervalMs: number
  tileWidth: number
  tileHeight: number
  columns: number
  rows: number
  tiles: number
}

export interface ThumbnailPlan {
  /** `video`: frames of the source; `cover`: its attached picture; `none`: nothing to show, a plain card is drawn. */
  posterFrom: 'video' | 'cover' | 'none'
  streamIndex: number | null
  posterWidths: number[]
  /** How candidates are found: by seeking to keyframes, or by one decode of everything where that is short or has few. */
  posterBy: 'keyframes' | 'decode'
  /** Size at which candidates are looked at, in the displayed shape; null where there is no video. */
  frameSize: { width: number; height: number } | null
  storyboard: StoryboardGeometry | null
  /** How frames of the source have to be read. */
  colour: InputColour
  deinterlace: boolean
  /** Where storyboard tiles come from. `encode`: the transcode step wrote them. */
  storyboardFrom: 'keyframes' | 'encode' | 'decode' | 'none'
}

/** Of the disk, for all files of a job at the same time, those that are there already included. */
export interface DiskNeed {
  bytes: number
  /** What it needs for certain. With so much it may begin where nobody else is at work; where the disk is smaller, never. */
  leastBytes: number
}

export interface MediaPlan {
  /** Of the source's content identity, everything above and the build of ffmpeg: equal hash, equal output. */
  hash: string
  /** `mp4`, `m4a`, `mp3`, `opus`, `mkv`, `webm` …: of the main file; `m3u8` for a stream. */
  extension: string
  delivery: 'file' | 'stream'
  /** Null: all of the source. */
  excerpt: Excerpt | null
  /** The downloaded file is published as it is, byte for byte. */
  passSource: boolean
  durationMs: number | null
  video: VideoPlan
  /** The one to play first, then the others, which a listener may choose; empty where there is no sound. */
  sounds: SoundPlan[]
  /** Streams of the source that are read together, always, as times depend on it; empty where its clock is steady. */
  clockStreams: number[]
  /** Seconds from which on a step of that clock is a jump, where streams are absent for as long as ffmpeg would take for one. */
  leastJumpS?: number
  /** Some sound of the source begins so late that ffmpeg does not find it by itself. */
  looksFar?: true
  /** Indexes of further streams of the source that a file takes along unchanged: subtitles, and sound that is made into nothing else. */
  alsoCopy: number[]
  /** Of the streams that are kept, by their index in the source: three letters of ISO 639-2. Absent where none says its language. */
  languages?: Record<number, string>
  /** Likewise: as their makers call them. */
  titles?: Record<number, string>
  thumbnails: ThumbnailPlan
  keepSource: boolean
  /** Expected cost of each step in CPU-milliseconds; weighs the job's percent. */
  weights: { transcode: number; package: number; thumbnail: number; publish: number }
  disk: DiskNeed
  /** Reasons for the decisions, one short sentence each: shown in the Web UI. */
  reasons: string[]
}
