import type { InputColour, StoryboardGeometry } from '../contract/plan.ts'
import { TILE_PATTERN } from './ffmpeg-encode.ts'
import { DEINTERLACE, standardPicture, storyboardTiles, type PictureSize } from './ffmpeg-filters.ts'
import { inputArgs, QUIET_ARGS } from './ffmpeg-input.ts'
import { PROGRESS_ARGS } from './ffmpeg-progress.ts'

/** How frames of a source have to be read. */
export interface FrameSource {
  path: string
  streamIndex: number
  colour: InputColour
  deinterlace: boolean
  size: PictureSize
}

/** The best JPEG that there is: candidates become JPEG and WebP once more. */
const LOSSLESS_LOOK = ['-c:v', 'mjpeg', '-q:v', '1', '-qmin', '1']
const SHEET_QUALITY = '4'

const pictureFilters = ({ colour, deinterlace, size }: FrameSource): string[] => [
  ...(deinterlace ? [DEINTERLACE] : []),
  ...standardPicture(colour, size, 'still'),
]

/** Arguments for the keyframe before `atMs`: nothing else is decoded. */
export const keyframeArgs = (source: FrameSource, atMs: number, output: string): string[] => {
  // One thread and no delay, or the decoder asks for the next keyframes before it gives the first.
  const decoder = ['-threads', '1', '-flags', 'low_delay', '-skip_frame', 'nokey']
  const seek = [...decoder, '-noaccurate_seek', '-ss', (atMs / 1_000).toFixed(3)]
  const one = ['-map', `0:${source.streamIndex}`, '-frames:v', '1', '-vf', pictureFilters(source).join(',')]
  return [
    ...QUIET_ARGS,
    ...seek,
    ...inputArgs(source.path),
    ...one,
    ...LOSSLESS_LOOK,
    '-f',
    'image2',
    '-update',
    '1',
    output,
  ]
}

/** Arguments for `count` pictures, evenly over the recording, in one decode of all that others need; `pattern` as `%02d.jpg`. */
export const evenFramesArgs = (
  source: FrameSource,
  { count, durationMs, pattern }: { count: number; durationMs: number; pattern: string },
): string[] => {
  const filters = [
    `fps=fps=${count * 1_000}/${durationMs}:start_time=0:eof_action=pass`,
    ...pictureFilters(source),
  ].join(',')
  const taken = ['-map', `0:${source.streamIndex}`, '-frames:v', `${count}`, '-vf', filters, '-fps_mode', 'passthrough']
  return [
    ...QUIET_ARGS,
    '-skip_frame',
    'noref',
    ...inputArgs(source.path),
    ...taken,
    ...LOSSLESS_LOOK,
    '-f',
    'image2',
    pattern,
  ]
}

/** Arguments for the attached picture as a file. */
export const coverArgs = (path: string, streamIndex: number, output: string): string[] => {
  const one = ['-map', `0:${streamIndex}`, '-frames:v', '1', '-c:v', 'png', '-f', 'image2', '-update', '1']
  return [...QUIET_ARGS, ...inputArgs(path), ...one, output]
}

export interface SheetJob {
  storyboard: StoryboardGeometry
  /** `storyboard-%03d.jpg`. */
  pattern: string
}

const sheetArgs = (filters: readonly string[], { storyboard, pattern }: SheetJob): string[] => {
  const tiled = [...filters, `tile=${storyboard.columns}x${storyboard.rows}`].join(',')
  return ['-vf', tiled, '-fps_mode', 'passthrough', '-c:v', 'mjpeg', '-q:v', SHEET_QUALITY, '-f', 'image2', pattern]
}

/** Arguments for sheets out of tiles that the encode made. */
export const sheetsFromTilesArgs = (tilesDir: string, job: SheetJob): string[] => {
  const tiles = [
    '-protocol_whitelist',
    'file,pipe',
    '-f',
    'image2',
    '-framerate',
    '1',
    '-i',
    `${tilesDir}/${TILE_PATTERN}`,
  ]
  return [...QUIET_ARGS, ...PROGRESS_ARGS, ...tiles, ...sheetArgs([], job)]
}

/**
 * Arguments for sheets straight from the source. `keyframes` decodes nothing else; `decode` leaves out what no other picture
 * needs, which H.264 and HEVC allow for about half of them.
 */
export const sheetsFromSourceArgs = (
  source: Omit<FrameSource, 'size' | 'deinterlace'>,
  skip: 'keyframes' | 'decode',
  job: SheetJob,
): string[] => [
  ...QUIET_ARGS,
  ...PROGRESS_ARGS,
  '-skip_frame',
  skip === 'keyframes' ? 'nokey' : 'noref',
  ...inputArgs(source.path),
  '-map',
  `0:${source.streamIndex}`,
  ...sheetArgs(storyboardTiles(source.colour, job.storyboard), job),
]
