import type { GridFit, GridMisfit } from '../contract/source-facts.ts'
import { countIdrPictures } from './ffmpeg-idr.ts'
import { statesInterlaced, type ProbeAnswer, type ProbedStream } from './ffprobe-answer.ts'
import { statedFrameRate } from './ffprobe-facts.ts'
import type { PacketScan } from './ffprobe-packets.ts'
import { keyframeGrid, type KeyframeGrid } from './keyframe-grid.ts'
import type { ToolContext } from './tool-context.ts'

/** With fewer frames from one keyframe to the next, x264 holds back fewer than it usually does. */
const SMALLEST_GROUP = 3

/** Where a stream would have the keyframes of this picture; null where no one rate is stated, or hardly any frames are. */
export const expectedGrid = (stream: ProbedStream): KeyframeGrid | null => {
  const frameRate = statedFrameRate(stream)
  const grid = frameRate === null ? null : keyframeGrid(frameRate)
  return grid && grid.framesPerGroup >= SMALLEST_GROUP ? grid : null
}

export interface FitQuestion {
  path: string
  answer: ProbeAnswer
  stream: ProbedStream
  /** A walk over its packets with the grid expected of it. */
  scan: PacketScan
}

/**
 * Whether an H.264 picture could be segments of a stream as it is. What is dear to find out comes last.
 * @throws SluiceError as runTool does.
 */
export const measureFit = async (context: ToolContext, question: FitQuestion): Promise<GridFit> => {
  const { path, stream, scan } = question
  const obstacle = outwardMisfit(question)
  if (obstacle !== null) return { fits: false, misfit: obstacle }
  if (!scan.grid.fits) return scan.grid
  const idrPictures = await countIdrPictures(context, { path, streamIndex: stream.index })
  return idrPictures === scan.keyframes.count ? scan.grid : { fits: false, misfit: 'groups' }
}

const outwardMisfit = ({ answer, stream }: FitQuestion): GridMisfit | null => {
  if (stream.codec_name !== 'h264') return 'unmeasured'
  // Others know times by the millisecond only, or start anywhere; their keyframe flags are guesses of who reads or wrote them.
  if (!answer.format.format_name.startsWith('mov,')) return 'container'
  if (statesInterlaced(stream)) return 'fields'
  if (answer.format.start_time !== 0) return 'start'
  return expectedGrid(stream) === null ? 'rate' : null
}
