import { KEYFRAME_INTERVAL_MS, SEGMENT_MS } from '../contract/plan.ts'
import { frameRateParts } from './frame-rate.ts'

/** Where an encode at a constant rate puts its keyframes, and where the packager cuts there. */
export interface KeyframeGrid {
  frameSeconds: number
  /** Frames from one keyframe to the next. */
  framesPerGroup: number
  /** Whether the packager begins a segment with this frame of the grid. */
  startsSegment: (frame: number) => boolean
}

/** x264 holds back as many frames where B-frames refer to each other, its default: the first one is decoded that much before it is shown. */
export const REORDERED_FRAMES = 2

/** Frames between keyframes at a rate given as a fraction. */
export const framesPerGroup = (frameRate: string, intervalMs: number): number => {
  const { numerator, denominator } = frameRateParts(frameRate)
  return Math.max(1, Math.round((numerator / denominator) * (intervalMs / 1_000)))
}

/**
 * The grid for a rate given as a fraction. Segments are counted as Shaka Packager's chunking does: a keyframe begins one when
 * the whole multiples of the segment's length before it have become more. At 30000/1001 a group lasts 2.002 s, so that cuts
 * move from every even keyframe to every odd one after half an hour.
 */
export const keyframeGrid = (frameRate: string): KeyframeGrid => {
  const { numerator, denominator } = frameRateParts(frameRate)
  const group = framesPerGroup(frameRate, KEYFRAME_INTERVAL_MS)
  // Whole numbers up to the division, so that a time exactly on a multiple does not fall below it.
  const segmentOf = (frame: number): number => Math.floor((frame * denominator * 1_000) / (numerator * SEGMENT_MS))
  return {
    frameSeconds: denominator / numerator,
    framesPerGroup: group,
    startsSegment: (frame) => frame === 0 || segmentOf(frame) !== segmentOf(frame - group),
  }
}
