import type { StoryboardGeometry, VideoEncode } from '../contract/plan.ts'
import { frameRateParts } from './frame-rate.ts'

/** The piece of a picture that one program encodes, counted in frames of the output. */
export interface EncodeChunk {
  fromFrame: number
  /** Null: to the end. */
  frames: number | null
}

/** Piece `index` of the plan. */
export const chunkOf = ({ chunkStarts }: Pick<VideoEncode, 'chunkStarts'>, index: number): EncodeChunk => {
  const fromFrame = chunkStarts[index] ?? 0
  const next = chunkStarts[index + 1]
  return { fromFrame, frames: next === undefined ? null : next - fromFrame }
}

/** Whether it is all there is. */
export const isWhole = ({ fromFrame, frames }: EncodeChunk): boolean => fromFrame === 0 && frames === null

/** Seconds from the start of the container to this frame of the output. Pictures of variable rate are encoded in one piece. */
export const secondsAt = ({ frameRate }: Pick<VideoEncode, 'frameRate'>, frame: number): number => {
  if (frame === 0 || frameRate === null) return 0
  const { numerator, denominator } = frameRateParts(frameRate)
  return (frame * denominator) / numerator
}

/** Tiles of the storyboard whose moment lies in a chunk: the index of the first, from 0, and how many. */
export const tilesIn = (
  video: VideoEncode,
  { fromFrame, frames }: EncodeChunk,
  { intervalMs, tiles }: StoryboardGeometry,
): { first: number; count: number } => {
  const tileAt = (frame: number): number => Math.ceil((secondsAt(video, frame) * 1_000) / intervalMs)
  const first = Math.min(tiles, tileAt(fromFrame))
  const end = frames === null ? tiles : Math.min(tiles, tileAt(fromFrame + frames))
  return { first, count: end - first }
}
