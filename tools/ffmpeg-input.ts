import type { MediaPlan } from '../contract/plan.ts'

/**
 * What ffmpeg and ffprobe may open. A "video" may be a playlist in disguise that makes them read other files or addresses, so
 * there is no demuxer here that follows references, and no protocol but that of files.
 */
const DEMUXERS = [
  'mov,mp4,m4a,3gp,3g2,mj2',
  'matroska,webm',
  'mpegts,mpeg,mpegvideo,m4v,h264,hevc,av1,obu,ivf,vc1,dv',
  'avi,asf,flv,live_flv,rm,mxf,gxf,nut,yuv4mpegpipe,gif,apng,ogg',
  'mp3,aac,ac3,eac3,dts,truehd,flac,wav,w64,aiff,caf,au,amr,ape,wv,tta,mpc,mpc8,dsf',
]

/** Read ahead for streams that are announced and begin later; ffmpeg by itself reads 5 s and 5 MB. */
const FAR = ['-analyzeduration', '120M', '-probesize', '200M']

/** Options before each input; the `file:` prefix keeps a name with a colon from being read as a protocol. */
export const inputArgs = (path: string, { looksFar = false }: Pick<SourceClock, 'looksFar'> = {}): string[] => [
  ...(looksFar ? FAR : []),
  '-protocol_whitelist',
  'file,pipe',
  '-format_whitelist',
  DEMUXERS.join(','),
  '-i',
  `file:${path}`,
]

/**
 * Options before an input whose picture may change its size or format on the way, as in recordings of broadcasts: the scaler
 * follows that. Made anew, as ffmpeg does by itself, filters would begin to count anew, too. The deinterlacer cannot follow.
 */
export const oneGraphArgs = ({ deinterlace }: { deinterlace: boolean }): string[] =>
  deinterlace ? [] : ['-reinit_filter', '0']

/** How the times of a source are read. */
export interface SourceClock {
  /** Streams that are read together, always; empty where its clock is steady. */
  streams: readonly number[]
  /** Seconds from which on a step of the clock is a jump; left out where ffmpeg's own measure does. */
  leastJumpS?: number | undefined
  /** Some of its sound begins so late that ffmpeg does not find it by itself. */
  looksFar?: boolean | undefined
}

/** Of a plan. */
export const clockOf = ({
  clockStreams,
  leastJumpS,
  looksFar,
}: Pick<MediaPlan, 'clockStreams' | 'leastJumpS' | 'looksFar'>): SourceClock => ({
  streams: clockStreams,
  leastJumpS,
  looksFar,
})

/** An option of the whole program, so it may stand anywhere. */
export const jumpArgs = (leastJumpS: number | undefined): string[] =>
  leastJumpS === undefined ? [] : ['-dts_delta_threshold', `${leastJumpS}`]

/**
 * Arguments behind all outputs that have ffmpeg read these streams of an input, too, and throw them away. Where a clock may jump it
 * counts from the first packet of those streams that it reads, and straightens the jumps that it sees in them: a program that
 * reads the picture alone, and one that reads the sound alone, would come to different times.
 */
export const clockArgs = ({ streams, leastJumpS }: SourceClock, input = 0): string[] =>
  streams.length < 2
    ? []
    : [
        ...jumpArgs(leastJumpS),
        ...streams.flatMap((index) => ['-map', `${input}:${index}`]),
        '-c',
        'copy',
        '-f',
        'null',
        '-',
      ]

/** Options of every ffmpeg run: no banner, no prompt on stdin, existing files of the scratch folder replaced. */
export const QUIET_ARGS: readonly string[] = ['-hide_banner', '-nostdin', '-v', 'error', '-y']
