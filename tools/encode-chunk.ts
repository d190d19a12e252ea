import type { StoryboardGeometry, VideoEncode } from '../contract/plan.ts'
import { frameRateParts } from './frame-rate.ts'

/** The piece of a picture that one program encodes, counted as `chunkStarts` of the plan are: in frames, or in milliseconds. */
export interface EncodeChunk {
  from: number
  /** Null: to the end. */
  length: number | null
}

/** Piece `index` of the plan. */
export const chunkOf = (
  { chunkStarts, excerpt }: Pick<VideoEncode, 'chunkStarts' | 'excerpt'>,
  index: number,
): EncodeChunk => {
  const from = chunkStarts[index] ?? 0
  const next = chunkStarts[index + 1] ?? excerpt?.end ?? null
  return { from, length: next === null ? null : next - from }
}

/** Whether it is all there is. */
export const isWhole = ({ from, length }: EncodeChunk): boolean => from === 0 && length === null

/** Seconds from the beginning of the output to a place that is counted as `chunkStarts` are. */
export const secondsAt = ({ frameRate }: Pick<VideoEncode, 'frameRate'>, place: number): number => {
  const { numerator, denominator } = frameRateParts(frameRate ?? '1000/1')
  return (place * denominator) / numerator
}

/** Tiles of the storyboard whose moment lies in a chunk: the index of the first, from 0, and how many. */
export const tilesIn = (
  video: VideoEncode,
  { from, length }: EncodeChunk,
  { intervalMs, tiles }: StoryboardGeometry,
): { first: number; count: number } => {
  const tileAt = (place: number): number => Math.ceil((secondsAt(video, place) * 1_000) / intervalMs)
  const first = Math.min(tiles, tileAt(from))
  const end = length === null ? tiles : Math.min(tiles, tileAt(from + length))
  return { first, count: end - first }
}
