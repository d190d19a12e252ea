import type { Excerpt, InputColour, StoryboardGeometry } from '../contract/plan.ts'
import { TILE_PATTERN } from './ffmpeg-encode.ts'
import { DEINTERLACE, standardPicture, storyboardTiles, type PictureSize } from './ffmpeg-filters.ts'
import { inputArgs, oneGraphArgs, QUIET_ARGS } from './ffmpeg-input.ts'
import { PROGRESS_ARGS } from './ffmpeg-progress.ts'

/** How frames of a source have to be read. */
export interface FrameSource {
  path: string
  streamIndex: number
  colour: InputColour
  deinterlace: boolean
  size: PictureSize
  /** The part of it that is looked at; null for all. */
  excerpt: Excerpt | null
}

const excerptArgs = (excerpt: Excerpt | null): string[] => {
  if (!excerpt) return []
  const length = excerpt.endMs === null ? [] : ['-t', `${(excerpt.endMs - excerpt.startMs) / 1_000}`]
  return ['-ss', `${excerpt.startMs / 1_000}`, ...length]
}

/** The best JPEG that there is: candidates become JPEG and WebP once more. */
const LOSSLESS_LOOK = ['-c:v', 'mjpeg', '-q:v', '1', '-qmin', '1']
const SHEET_QUALITY = '4'

/** Wide enough to see blur, small enough to measure within a millisecond. */
const MEASURED_WIDTH = 320

/** Size of the grey copy that a picture is measured by. */
export const measuredSize = ({ width, height }: PictureSize): PictureSize => {
  const measured = Math.min(width, MEASURED_WIDTH)
  return { width: measured, height: Math.max(1, Math.round((height * measured) / width)) }
}

/** Where candidates go. */
export interface CandidateFiles {
  /** The picture as JPEG; where one program makes several of them, a pattern as `%02d.jpg`. */
  picture: string
  /** Its grey copies one after the other, in rows of one byte a pixel, each of {@link measuredSize}. */
  grey: string
}

/** `[0:1]…[p0][g0]`: from here on the picture goes two ways, and the grey copy is small. */
const candidateGraph = (
  input: number,
  { streamIndex, colour, deinterlace, size }: FrameSource,
  head: string[],
): string => {
  const filters = [...head, ...(deinterlace ? [DEINTERLACE] : []), ...standardPicture(colour, size, 'still')]
  const grey = measuredSize(size)
  const copied = `split[p${input}][c${input}];[c${input}]scale=${grey.width}:${grey.height},format=gray[g${input}]`
  return `[${input}:${streamIndex}]${filters.join(',')},${copied}`
}

const candidateOutputs = (input: number, count: number, { picture, grey }: CandidateFiles): string[] => {
  const taken = ['-frames:v', `${count}`, '-fps_mode', 'passthrough']
  const update = count === 1 ? ['-update', '1'] : []
  const asPicture = ['-map', `[p${input}]`, ...taken, ...LOSSLESS_LOOK, '-f', 'image2', ...update, picture]
  return [...asPicture, '-map', `[g${input}]`, ...taken, '-c:v', 'rawvideo', '-f', 'rawvideo', grey]
}

/**
 * Arguments for the keyframes before each of `places`: nothing else is decoded. One program opens the file once for each place,
 * for two thirds of what as many programs cost. Places with nothing to read leave no picture behind.
 */
export const keyframeArgs = (
  source: FrameSource,
  places: readonly { atMs: number; files: CandidateFiles }[],
): string[] => {
  // One thread and no delay, or the decoder asks for the next keyframes before it gives the first.
  const decoder = ['-threads', '1', '-flags', 'low_delay', '-skip_frame', 'nokey', '-max_error_rate', '1']
  return [
    ...QUIET_ARGS,
    ...places.flatMap(({ atMs }) => {
      return [
        ...decoder,
        '-noaccurate_seek',
        '-ss',
        (((source.excerpt?.startMs ?? 0) + atMs) / 1_000).toFixed(3),
        ...inputArgs(source.path),
      ]
    }),
    // A graph for each, so that one without a picture does not hold up the others; with one thread each, as there are a dozen.
    '-filter_complex_threads',
    '1',
    ...places.flatMap((_, input) => ['-filter_complex', candidateGraph(input, source, [])]),
    ...places.flatMap(({ files }, input) => candidateOutputs(input, 1, files)),
  ]
}

/** Arguments for `count` pictures, evenly over the recording, in one decode of all that others need. */
export const evenFramesArgs = (
  source: FrameSource,
  { count, durationMs, files }: { count: number; durationMs: number; files: CandidateFiles },
): string[] => {
  const even = `fps=fps=${count * 1_000}/${durationMs}:start_time=0:eof_action=pass`
  return [
    ...QUIET_ARGS,
    '-skip_frame',
    'noref',
    ...excerptArgs(source.excerpt),
    ...oneGraphArgs(source),
    ...inputArgs(source.path),
    '-filter_complex',
    candidateGraph(0, source, [even]),
    ...candidateOutputs(0, count, files),
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
  ...excerptArgs(source.excerpt),
  ...oneGraphArgs({ deinterlace: false }),
  ...inputArgs(source.path),
  '-map',
  `0:${source.streamIndex}`,
  ...sheetArgs(storyboardTiles(source.colour, job.storyboard), job),
]
