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

/** Options before each input; the `file:` prefix keeps a name with a colon from being read as a protocol. */
export const inputArgs = (path: string): string[] => [
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

/**
 * Arguments behind all outputs that have ffmpeg read these streams of an input, too, and throw them away. Where a clock may jump it
 * counts from the first packet of those streams that it reads, and straightens the jumps that it sees in them: a program that
 * reads the picture alone, and one that reads the sound alone, would come to different times.
 */
export const clockArgs = (streamIndexes: readonly number[], input = 0): string[] =>
  streamIndexes.length < 2
    ? []
    : [...streamIndexes.flatMap((index) => ['-map', `${input}:${index}`]), '-c', 'copy', '-f', 'null', '-']

/** Options of every ffmpeg run: no banner, no prompt on stdin, existing files of the scratch folder replaced. */
export const QUIET_ARGS: readonly string[] = ['-hide_banner', '-nostdin', '-v', 'error', '-y']
