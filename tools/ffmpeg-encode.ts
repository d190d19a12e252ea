import type { Rendition, VideoEncode } from '../contract/plan.ts'
import { isWhole, secondsAt, tilesIn, type EncodeChunk } from './encode-chunk.ts'
import { encoderArgs } from './ffmpeg-encoders.ts'
import { DEINTERLACE, smallerPicture, sourcePicture, standardPicture, storyboardTiles } from './ffmpeg-filters.ts'
import { inputArgs, QUIET_ARGS } from './ffmpeg-input.ts'
import { PROGRESS_ARGS } from './ffmpeg-progress.ts'
import { framesPerGroup } from './keyframe-grid.ts'

export interface EncodeJob {
  video: VideoEncode
  chunk: EncodeChunk
  source: string
  /** Paths of the results, one for each rendition in the plan's order. */
  outputs: readonly string[]
  /** Existing folder for storyboard tiles; needed where the plan has them made here. */
  tilesDir: string | null
}

/** Fine enough for any source; with a variable rate ffmpeg would round times to the average rate. */
const VARIABLE_TIME_BASE = '1/90000'
/** JPEG scale 2–31; tiles are compressed once more when they become sheets. */
const TILE_QUALITY = '2'

/** Arguments of the one ffmpeg that decodes once and makes all renditions of a chunk, and its storyboard tiles beside them. */
export const encodeArgs = ({ video, chunk, source, outputs, tilesDir }: EncodeJob): string[] => {
  const tiles = tileRange(video, chunk)
  return [
    ...QUIET_ARGS,
    ...PROGRESS_ARGS,
    ...seekArgs(video, chunk),
    ...inputArgs(source),
    '-filter_complex',
    encodeGraph(video, chunk),
    ...video.renditions.flatMap((rendition, index) => [
      ...renditionArgs(video, rendition, `[v${index}]`),
      ...fragmentArgs(chunk),
      outputs[index] ?? `${rendition.name}.mp4`,
    ]),
    ...(tiles && tilesDir !== null ? tileArgs(tilesDir, tiles.first) : []),
  ]
}

/**
 * Pictures may be stored so many frames before they are shown, and demuxers look places up by either time; with a second of
 * room decoding begins at a keyframe that is shown before the chunk.
 */
const SEEK_ROOM_FRAMES = 20
const SEEK_ROOM_S = 1

/**
 * Times stay those of the whole recording, from the start of the container: the filters cut where the chunk begins, wherever
 * decoding did. ffmpeg's own cut would round, and take times from the first picture it sees.
 */
const seekArgs = (video: VideoEncode, chunk: EncodeChunk): string[] => {
  if (isWhole(chunk)) return []
  const room = Math.max(SEEK_ROOM_S, secondsAt(video, SEEK_ROOM_FRAMES))
  const from = secondsAt(video, chunk.fromFrame) - room
  return ['-copyts', '-start_at_zero', ...(from > 0 ? ['-noaccurate_seek', '-ss', from.toFixed(3)] : [])]
}

/**
 * `[0:0]bwdif,fps,split=2[s0][t];[s0]scale…,split=2[v0][s1];[s1]scale…[v1];[t]fps…[tiles]`: each rendition is scaled from the one
 * before, the largest from the source. Measured on 720p in four sizes: 17 % less CPU for decoding and scaling than each from
 * the source, at an SSIM of 0.9995 between both; colours are converted, and high dynamic range is mapped, once.
 */
export const encodeGraph = (video: VideoEncode, chunk: EncodeChunk): string => {
  const { renditions, storyboardBranch } = video
  const tiles = tileRange(video, chunk)
  const head = [
    ...(video.deinterlace ? [DEINTERLACE] : []),
    ...timing(video, chunk),
    ...(tiles ? ['split=2'] : []),
  ].join(',')
  const scaled = renditions.map((rendition, index) => {
    const filters = index === 0 ? largestPicture(video, rendition) : smallerPicture(rendition)
    const isLast = index === renditions.length - 1
    const to = isLast ? `[v${index}]` : `,split=2[v${index}][s${index + 1}]`
    return `[s${index}]${filters.join(',')}${to}`
  })
  const tiled =
    storyboardBranch && tiles ? [`[t]${storyboardTiles(video.colour, storyboardBranch, tiles).join(',')}[tiles]`] : []
  return [`[0:${video.streamIndex}]${head}[s0]${tiles ? '[t]' : ''}`, ...scaled, ...tiled].join(';')
}

const largestPicture = ({ encoder, colour }: VideoEncode, size: Rendition): string[] =>
  encoder.range === 'source' ? sourcePicture(colour, size) : standardPicture(colour, size)

/** The tiles that a chunk makes; null where it makes none. */
const tileRange = (video: VideoEncode, chunk: EncodeChunk): { first: number; count: number } | null => {
  const range = video.storyboardBranch && tilesIn(video, chunk, video.storyboardBranch)
  return range && range.count > 0 ? range : null
}

/**
 * Every result begins at 0, where the container begins: the first picture stands from there if the video starts later, as
 * players of segments don't agree on gaps at the start. At a constant rate a chunk has the same frames that an encode in one
 * piece would have there: `fps` chooses each by its own time alone.
 */
const timing = (video: VideoEncode, { fromFrame, frames }: EncodeChunk): string[] => {
  if (video.frameRate === null) return ["setpts='if(eq(N,0),0,PTS)'"]
  // Microseconds are what the filter keeps of it.
  const start = Number(secondsAt(video, fromFrame).toFixed(6))
  return [`fps=fps=${video.frameRate}:start_time=${start}`, ...(frames === null ? [] : [`trim=end_frame=${frames}`])]
}

const renditionArgs = (video: VideoEncode, rendition: Rendition, label: string): string[] => [
  ...mapped(label),
  ...encoderArgs(video.encoder, rendition),
  ...keyframeArgs(video),
]

/** Streams are named one by one; tags and chapters of the source stay out, the packaging sets its own. */
const mapped = (label: string): string[] => ['-map', label, '-map_metadata', '-1', '-map_chapters', '-1']

/** Keyframes on a fixed grid and nowhere else, closed groups: all renditions can be cut and switched at the same places. */
const keyframeArgs = (video: VideoEncode): string[] => {
  const fixed = ['-flags', '+cgop']
  if (video.frameRate === null) {
    const every = video.keyframeIntervalMs / 1_000
    const forced = `expr:gte(t,n_forced*${every})`
    return [
      ...fixed,
      '-g',
      '9999',
      '-force_key_frames',
      forced,
      '-fps_mode',
      'vfr',
      '-enc_time_base',
      VARIABLE_TIME_BASE,
    ]
  }
  const frames = `${framesPerGroup(video.frameRate, video.keyframeIntervalMs)}`
  // The filter has set the rate; `cfr` would fill the time before a chunk with copies.
  return [...fixed, '-g', frames, '-keyint_min', frames, '-fps_mode', 'passthrough']
}

/**
 * A fragment for each group of pictures, each with its decoding time in the whole recording, so that chunks are joined by
 * putting one behind the other (ISO/IEC 14496-12, 8.8.12). The index waits for the first fragment, to say by how much pictures
 * are decoded before they are shown; nothing follows the last one.
 */
const fragmentArgs = ({ fromFrame }: EncodeChunk): string[] => [
  '-movflags',
  '+frag_keyframe+delay_moov+frag_discont+default_base_moof+skip_trailer',
  // Numbers grow over all chunks: there are never more fragments than frames.
  '-fragment_index',
  `${fromFrame + 1}`,
  '-f',
  'mp4',
]

/** Where tile number `index` (from 1) of a storyboard lies. */
export const TILE_PATTERN = '%05d.jpg'

const tileArgs = (dir: string, first: number): string[] => {
  const jpeg = ['-c:v', 'mjpeg', '-q:v', TILE_QUALITY, '-fps_mode', 'passthrough']
  return [...mapped('[tiles]'), ...jpeg, '-f', 'image2', '-start_number', `${first + 1}`, `${dir}/${TILE_PATTERN}`]
}
