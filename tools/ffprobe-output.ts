import { SluiceError } from '../contract/failures.ts'
import { displayedSize, isCover, streamType } from './ffprobe-answer.ts'
import { probeFile } from './ffprobe.ts'
import type { ToolContext } from './tool-context.ts'

/** What a made file really holds. */
export interface MadeStream {
  type: 'video' | 'audio' | 'subtitle' | 'other'
  codec: string
  durationMs: number | null
  /** As the container's index counts them; null where it has none. */
  frames: number | null
  width: number | null
  height: number | null
}
export interface MadeFile {
  durationMs: number | null
  streams: MadeStream[]
}

/** Reads a file that was just made. @throws SluiceError OutputInvalid when it cannot be read. */
export const probeOutput = async (context: ToolContext, path: string): Promise<MadeFile> => {
  const { answer } = await probeFile(context, path).catch((error: unknown) => {
    if (error instanceof SluiceError && error.code === 'UnsupportedMedia') {
      throw new SluiceError('OutputInvalid', 'A file was made that cannot be read.', error.details, error)
    }
    throw error
  })
  const made = answer.streams.filter((stream) => !isCover(stream))
  return {
    durationMs: toMs(answer.format.duration),
    streams: made.map((stream) => {
      const size = displayedSize(stream)
      return {
        type: streamType(stream),
        codec: stream.codec_name ?? 'unknown',
        durationMs: toMs(stream.duration),
        frames: typeof stream.nb_frames === 'string' ? Number(stream.nb_frames) : null,
        width: size?.width ?? null,
        height: size?.height ?? null,
      }
    }),
  }
}

const toMs = (seconds: number | null): number | null => (seconds === null ? null : Math.round(seconds * 1_000))

/** A damaged end may cost some frames; half a second or a fiftieth more or less is no longer the same recording. */
const TOLERANCE_MS = 500
const TOLERANCE_PART = 0.02

/** @throws SluiceError OutputInvalid when the length is not what it should be. Unknown lengths pass. */
export const checkDuration = (what: string, madeMs: number | null, expectedMs: number | null): void => {
  if (madeMs === null || expectedMs === null) return
  const tolerance = Math.max(TOLERANCE_MS, expectedMs * TOLERANCE_PART)
  if (Math.abs(madeMs - expectedMs) <= tolerance) return
  const [made, expected] = [madeMs, expectedMs].map((ms) => (ms / 1_000).toFixed(1))
  throw new SluiceError('OutputInvalid', `${what} lasts ${made} s instead of ${expected} s.`)
}
