/**
 * What the planner knows of a source: measured in the probe step, small enough for a workflow's history. No zod here:
 * workflows read these types inside their sandbox.
 */

/**
 * Why pictures can't be segments of a stream as they are. `unmeasured`: nobody looked; `container`: none whose index can be
 * believed; `rate`: none that is constant and stated; `fields`: coded as interlaced; `hidden`: an edit list leaves out frames;
 * `start`: not at 0; `reordered`: more frames are held back than the encoder does; `times`: not exactly those of the rate;
 * `keyframes`: some lie beside the grid; `boundaries`: a segment would have none to start on; `groups`: not closed by an IDR picture.
 */
export type GridMisfit =
  | 'unmeasured'
  | 'container'
  | 'rate'
  | 'fields'
  | 'hidden'
  | 'start'
  | 'reordered'
  | 'times'
  | 'keyframes'
  | 'boundaries'
  | 'groups'

/** Whether every picture and keyframe lies exactly where an encode would put it; `peakBps`: of the segment that needs most. */
export type GridFit = { fits: true; peakBps: number } | { fits: false; misfit: GridMisfit }

/** The video stream to show; cover art never counts as one. */
export interface VideoFacts {
  streamIndex: number
  codec: string
  profile: string | null
  /** As the codec numbers it: 41 is H.264's 4.1. */
  level: number | null
  pixelFormat: string | null
  /** Displayed size in pixels, rotation and pixel shape applied. */
  width: number
  height: number
  squarePixels: boolean
  /** Degrees, counted as ffprobe does; 0 for none. */
  rotation: number
  /** Said by the stream and confirmed on samples of its frames. */
  interlaced: boolean
  dynamicRange: 'sdr' | 'hdr10' | 'hlg'
  dolbyVisionProfile: number | null
  /** Matrix coefficients as ffprobe names them; null where the stream names none. */
  colourSpace: string | null
  /** Primaries and transfer function likewise. */
  colourPrimaries: string | null
  colourTransfer: string | null
  /** Constant rate as a fraction, `30000/1001`; null where frames last differently long. */
  frameRate: string | null
  /** From one frame to the next, or to the end, where that takes longest. */
  longestFrameMs: number
  /**
   * Whether the container says of each frame when it is shown, of some and the first, or not even that, as AVI and bare streams;
   * `absurd`: for most of its length, by what it says, there would be nothing.
   */
  timed: 'each' | 'first' | 'none' | 'absurd'
  frames: number
  /** First frame and end of the last one, in milliseconds from the start of the container. */
  startMs: number
  endMs: number
  bitrateBps: number | null
  keyframes: {
    count: number
    /** Null with fewer than two keyframes. */
    medianGapMs: number | null
    longestGapMs: number | null
  }
  /** Measured for presets that make a stream. */
  grid: GridFit
}

/** A stretch of the source in which a stream has nothing, in milliseconds from the start of the container. */
export interface Hole {
  fromMs: number
  toMs: number
}

/** A sound track. */
export interface AudioFacts {
  streamIndex: number
  codec: string
  profile: string | null
  channels: number
  sampleRateHz: number
  bitrateBps: number | null
  /** Sound in front of the beginning that an edit list hides: the encoder's delay, or what was cut off without an encode. */
  leadMs: number
  /** For most of its length, by the times that it states, there would be silence. */
  absurd: boolean
  /** The longest silence for which it has no data; left out where each packet follows the one before. */
  longestHoleMs?: number
  /** Those of 1 s and more, in order, so many as are worth it; left out where there are none. */
  holes?: Hole[]
  /** Channels or rate are others further on; left out where nobody knows of that. */
  shapeChanges?: true
  /** From the start of the container. */
  startMs: number
  /** End of the last packet. */
  endMs: number
}

/**
 * What a sound track is where it is not simply that of the film in some language: people who talk about it, what is seen told to
 * the blind, made for those who hear badly, spoken over by others.
 */
export type SoundRole = 'commentary' | 'description' | 'clear' | 'dub'

export interface CoverFacts {
  streamIndex: number
  /** Pixels; null where the probe cannot read the picture. */
  width: number | null
}

export interface StreamFacts {
  index: number
  type: 'video' | 'audio' | 'subtitle' | 'other'
  codec: string
  cover: boolean
  /** In the container's own words, mostly ISO 639-2; null where it says none. */
  language: string | null
  /** As its maker calls it; left out where it has no name. */
  title?: string
  /** Of sound; left out where it has none. */
  role?: SoundRole
  /** Of sound: nothing here can decode it. */
  undecodable?: true
}

export interface SourceFacts {
  /** SHA-256 of the file's bytes, hex. */
  identity: string
  /** ffprobe's name of the container: `mov,mp4,m4a,3gp,3g2,mj2`. */
  container: string
  /** For ISO media files: `isom`, `qt`, `M4A`; null for others. */
  majorBrand: string | null
  /** For ISO media files: the index stands before the media data, and there are no fragments. Null for others. */
  indexFirst: boolean | null
  /** An ISO media file in fragments: its index is scattered over the file. */
  fragmented: boolean
  /** Times are what the container says; else they jump or are missing, and are those that ffmpeg makes of them. */
  steadyClock: boolean
  /** Seconds from which on a step of its clock is a jump; left out where ffmpeg's own measure does. */
  leastJumpS?: number
  /** Some sound begins so late that ffmpeg does not find it by itself. */
  looksFar?: true
  /** To the end of what is shown or heard, measured; what the container announces may be anything. */
  durationMs: number
  sizeBytes: number
  video: VideoFacts | null
  /** The sound track to play. */
  audio: AudioFacts | null
  /** The other tracks with sound in them, in the order of the file, so many as are ever delivered; measured for presets that do so. */
  furtherAudio: AudioFacts[]
  cover: CoverFacts | null
  /** All streams, for what is taken along unchanged. */
  streams: StreamFacts[]
}
