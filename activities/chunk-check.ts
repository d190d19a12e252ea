import { SluiceError } from '../contract/failures.ts'
import type { VideoEncode } from '../contract/plan.ts'
import { isWhole, secondsAt, type EncodeChunk } from '../tools/encode-chunk.ts'
import { checkDuration } from '../tools/ffprobe-output.ts'
import type { Fragments } from '../tools/mp4-fragments.ts'

/** Milliseconds of media; null where nobody knows where the picture ends. */
export const lengthOf = (video: VideoEncode, { from, length }: EncodeChunk): number | null => {
  if (length !== null) return Math.round(secondsAt(video, length) * 1_000)
  return video.expectedMs === null ? null : Math.max(0, video.expectedMs - secondsAt(video, from) * 1_000)
}

/** @throws SluiceError OutputInvalid where frames or times of an encoded piece are not those of the plan. */
export const checkFragments = (made: Fragments, video: VideoEncode, chunk: EncodeChunk): void => {
  if (video.frameRate === null && !isWhole(chunk)) checkVariable(made, video, chunk)
  else checkConstant(made, video, chunk)
}

const checkConstant = ({ frames, startS, endS }: Fragments, video: VideoEncode, chunk: EncodeChunk): void => {
  if (chunk.length !== null && frames !== chunk.length) {
    throw new SluiceError('OutputInvalid', `A chunk has ${frames} instead of ${chunk.length} pictures.`)
  }
  const lengthMs = lengthOf(video, chunk)
  const madeMs = (endS - startS) * 1_000
  checkDuration('The encoded picture', madeMs + unsaidMs(video, madeMs, lengthMs), lengthMs)
  const fromS = secondsAt(video, chunk.from)
  if (!isWhole(chunk) && Math.abs(startS - fromS) > secondsAt(video, 1) / 2) throw beginsElsewhere(startS, fromS)
}

/** Of a variable rate the encoder of AV1 does not hand on how long the last picture lasts. */
const unsaidMs = (video: VideoEncode, madeMs: number, lengthMs: number | null): number =>
  video.frameRate === null && lengthMs !== null ? Math.max(0, Math.min(video.longestFrameMs, lengthMs - madeMs)) : 0

/** Nobody counted its frames, but none may be missing for longer than one of the source lasts. */
const checkVariable = ({ startS, endS }: Fragments, video: VideoEncode, chunk: EncodeChunk): void => {
  const fromS = secondsAt(video, chunk.from)
  const longestS = (video.longestFrameMs + CLOCK_MS) / 1_000
  if (startS < fromS - CLOCK_MS / 1_000 || startS > fromS + longestS) throw beginsElsewhere(startS, fromS)
  const lengthMs = lengthOf(video, chunk)
  if (lengthMs === null) return
  const missingS = fromS + lengthMs / 1_000 - endS
  if (missingS > longestS || (chunk.length !== null && missingS < -longestS)) {
    throw new SluiceError('OutputInvalid', `A chunk ends ${missingS.toFixed(3)} s before the next one begins.`)
  }
}

/** Of clocks that count milliseconds. */
const CLOCK_MS = 2

const beginsElsewhere = (startS: number, fromS: number): SluiceError =>
  new SluiceError('OutputInvalid', `A chunk begins at ${startS.toFixed(3)} s instead of ${fromS.toFixed(3)} s.`)
