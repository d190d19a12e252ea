import type { VideoEncode } from '../contract/plan.ts'
import { isWhole, secondsAt, type EncodeChunk } from './encode-chunk.ts'
import type { SourceClock } from './ffmpeg-input.ts'
import { framesPerGroup } from './keyframe-grid.ts'

/** What to seek in: a source counts from the start of its container, a copy made for seeking from where that source starts. */
export interface EncodeSource {
  path: string
  isCopy: boolean
  clock: SourceClock
}

/** Fine enough for any source; with a variable rate ffmpeg would round times to the average rate. */
const VARIABLE_TIME_BASE = '1/90000'

/**
 * Pictures may be stored so many frames before they are shown, and demuxers look places up by either time; with a second of
 * room decoding begins at a keyframe that is shown before the chunk.
 */
const SEEK_ROOM_FRAMES = 20
const SEEK_ROOM_S = 1
/** Of a variable rate, where the longest frames seldom follow each other. */
const LONGEST_FRAMES = 6

/**
 * Times stay those of the whole recording, from the start of the container: the filters cut where the chunk begins, wherever
 * decoding did. ffmpeg's own cut would round, and take times from the first picture it sees.
 */
export const seekArgs = (video: VideoEncode, chunk: EncodeChunk, { isCopy, clock }: EncodeSource): string[] => {
  // Such clocks are straightened from the beginning on only.
  if (clock.streams.length > 0) return []
  if (video.excerpt ? !video.excerpt.seeks : isWhole(chunk)) return []
  const from = secondsAt(video, chunk.from) + beginsAtS(video) - seekRoom(video)
  const counted = isCopy ? ['-copyts', '-seek_timestamp', '1'] : ['-copyts', '-start_at_zero']
  return [...counted, ...(from > 0 ? ['-noaccurate_seek', '-ss', from.toFixed(3)] : [])]
}

/** Where the output begins, from the start of the container. */
const beginsAtS = ({ originMs, excerpt }: VideoEncode): number => ((originMs ?? 0) + (excerpt?.startMs ?? 0)) / 1_000

const seekRoom = (video: VideoEncode): number => {
  const reordered =
    video.frameRate === null ? (LONGEST_FRAMES * video.longestFrameMs) / 1_000 : secondsAt(video, SEEK_ROOM_FRAMES)
  return Math.max(SEEK_ROOM_S, reordered)
}

/**
 * Every result begins at 0: the first picture stands from there if the video starts later, as players of segments don't agree
 * on gaps at the start. A chunk has the same frames that an encode in one piece would have there: at a constant rate `fps`
 * chooses each by its own time alone, else `trim` takes those from one time to the next.
 */
export const timingFilters = (video: VideoEncode, chunk: EncodeChunk): string[] => [
  ...originFilters(video),
  ...(video.frameRate === null ? variableFrames(video, chunk) : constantFrames(video, video.frameRate, chunk)),
]

const originFilters = (video: VideoEncode): string[] => {
  const begins = beginsAtS(video)
  const shift = begins === 0 ? '' : `-${begins}/TB`
  if (video.countedAt !== null) return [`setpts=N/(${video.countedAt})/TB${shift}`]
  if (video.originMs === null) return [`setpts=PTS-STARTPTS${shift}`]
  return shift === '' ? [] : [`setpts=PTS${shift}`]
}

const constantFrames = (video: VideoEncode, frameRate: string, { from, length }: EncodeChunk): string[] => {
  const cut = length === null ? [] : [`trim=end_frame=${length}`]
  return [`fps=fps=${frameRate}:start_time=${inMicroseconds(secondsAt(video, from))}`, ...cut]
}

const variableFrames = (video: VideoEncode, { from, length }: EncodeChunk): string[] => {
  const start = from === 0 && !video.excerpt ? [] : [`start=${secondsAt(video, from)}`]
  const end = length === null ? [] : [`end=${secondsAt(video, from + length)}`]
  const cut = start.length + end.length === 0 ? [] : [`trim=${[...start, ...end].join(':')}`]
  return [APART, ...cut, ...(from === 0 ? ["setpts='if(eq(N,0),0,PTS)'"] : [])]
}

/**
 * Where recordings were joined, a picture may be followed by the next within microseconds, and an encoder that has a limit gives it
 * as few bits: a keyframe there would be grey. More than 500 in a second nobody sees.
 */
const APART = "setpts='if(eq(N,0),PTS,max(PTS,PREV_OUTPTS+0.002/TB))'"

/** What the filter keeps of a time. */
const inMicroseconds = (seconds: number): number => Number(seconds.toFixed(6))

/** Keyframes on a fixed grid and nowhere else, closed groups: all renditions can be cut and switched at the same places. */
export const keyframeArgs = (video: VideoEncode, chunk: EncodeChunk): string[] => {
  const fixed = ['-flags', '+cgop']
  if (video.frameRate === null) {
    const forced = ['-force_key_frames', keyframeTimes(video, chunk)]
    return [...fixed, '-g', '9999', ...forced, '-fps_mode', 'vfr', '-enc_time_base', VARIABLE_TIME_BASE]
  }
  const frames = `${framesPerGroup(video.frameRate, video.keyframeIntervalMs)}`
  // The filter has set the rate; `cfr` would fill the time before a chunk with copies.
  return [...fixed, '-g', frames, '-keyint_min', frames, '-fps_mode', 'passthrough']
}

/**
 * An expression counts from the first frame of the piece, which is at 0 for the first piece alone; times of a list are those of
 * the frames. The list of a whole day would be too long for an argument, that of a chunk is not.
 */
const keyframeTimes = (video: VideoEncode, { from, length }: EncodeChunk): string => {
  const everyS = video.keyframeIntervalMs / 1_000
  if (from === 0) return firstOfEach(everyS)
  const fromS = secondsAt(video, from)
  const endS = length === null ? (video.expectedMs ?? 0) / 1_000 : secondsAt(video, from + length)
  const count = Math.max(1, Math.ceil((endS - fromS) / everyS))
  return Array.from({ length: count }, (_, index) => fromS + index * everyS).join(',')
}

/**
 * The first frame of each interval of so many seconds, whatever came before: with ffmpeg's usual count of those forced so far, a
 * frame that stands for a minute would be followed by thirty keyframes in a row. Times are sums of fractions, hence the hair more.
 */
const firstOfEach = (seconds: number): string => {
  const interval = (time: string): string => `floor((${time}+1e-5)/${seconds})`
  return `expr:if(isnan(prev_forced_t),1,gt(${interval('t')},${interval('prev_forced_t')}))`
}
