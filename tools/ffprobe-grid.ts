import { SEGMENT_MS } from '../contract/plan.ts'
import type { GridFit, GridMisfit } from '../contract/source-facts.ts'
import { REORDERED_FRAMES, type KeyframeGrid } from './keyframe-grid.ts'

/** One packet in file order; times in seconds, NaN where it has none. */
export interface TimedPacket {
  pts: number
  dts: number
  duration: number
  sizeBytes: number
  key: boolean
  /** Decoded but not shown, by an edit list. */
  hidden: boolean
}

/** ffprobe prints microseconds. */
const CLOCK_ROUNDING_S = 2e-6
/** H.264 lets a decoder hold back no more. */
const MOST_REORDERED = 16

/**
 * Takes the pictures of a stream in file order and tells whether all could be segments as they are: each shown and decoded at
 * exactly the time that an encode would give it, keyframes on the grid and wherever a segment begins. Keeps nothing of
 * what it has seen but the few pictures that are out of order.
 */
export const createGridScan = (grid: KeyframeGrid) => {
  const order = createFrameOrder()
  const segments = createSegmentPeak(grid.frameSeconds)
  let misfit: GridMisfit | null = null
  let frames = 0
  let delay = 0
  let lastKey = 0

  const near = (seconds: number, frame: number): boolean =>
    Math.abs(seconds - frame * grid.frameSeconds) <= CLOCK_ROUNDING_S

  /** Whether a segment would have to begin between the last keyframe and this one. */
  const skipsBoundary = (frame: number): boolean => {
    for (let between = lastKey + grid.framesPerGroup; between < frame; between += grid.framesPerGroup) {
      if (grid.startsSegment(between)) return true
    }
    return false
  }

  const begin = ({ pts, dts, key }: TimedPacket): GridMisfit | null => {
    if (!near(pts, 0) || !key) return 'start'
    delay = Math.round(-dts / grid.frameSeconds)
    return delay >= 0 && delay <= REORDERED_FRAMES ? null : 'reordered'
  }

  const beginGroup = (frame: number): GridMisfit | null => {
    if (frame % grid.framesPerGroup !== 0) return 'keyframes'
    // Whatever comes before it in the file is shown before it: else pictures across the joint depend on both sides.
    if (frame !== frames) return 'groups'
    if (skipsBoundary(frame)) return 'boundaries'
    if (grid.startsSegment(frame)) segments.begin(frame)
    lastKey = frame
    return null
  }

  const check = (packet: TimedPacket): GridMisfit | null => {
    if (packet.hidden) return 'hidden'
    const begun = frames === 0 ? begin(packet) : null
    if (begun) return begun
    const frame = Math.round(packet.pts / grid.frameSeconds)
    const exact = near(packet.pts, frame) && near(packet.dts, frames - delay) && near(packet.duration, 1)
    if (!exact) return 'times'
    const group = packet.key ? beginGroup(frame) : null
    if (group) return group
    segments.add(packet.sizeBytes)
    frames += 1
    return order.take(frame) ? null : 'times'
  }

  return {
    add(packet: TimedPacket): void {
      misfit ??= check(packet)
    },
    result(): GridFit {
      if (misfit === null && frames === 0) misfit = 'start'
      if (misfit === null && !order.complete()) misfit = 'times'
      if (misfit === null && skipsBoundary(frames)) misfit = 'boundaries'
      return misfit === null ? { fits: true, peakBps: segments.end(frames) } : { fits: false, misfit }
    },
  }
}

/** Takes frame numbers that are out of order by little; false for one that comes twice, or when one stays away. */
const createFrameOrder = () => {
  const ahead = new Set<number>()
  let next = 0
  return {
    take(frame: number): boolean {
      if (frame < next || ahead.has(frame) || ahead.size > MOST_REORDERED) return false
      ahead.add(frame)
      while (ahead.delete(next)) next += 1
      return true
    },
    complete: (): boolean => ahead.size === 0,
  }
}

/** Bits a second of the segment that needs most; a last one under half the usual length does not count (RFC 8216, 4.1). */
const createSegmentPeak = (frameSeconds: number) => {
  let from = 0
  let bytes = 0
  let peakBps = 0
  const close = (frame: number): void => {
    const seconds = (frame - from) * frameSeconds
    const counts = from === 0 || seconds * 1_000 >= SEGMENT_MS / 2
    if (seconds > 0 && counts) peakBps = Math.max(peakBps, Math.round((8 * bytes) / seconds))
    from = frame
    bytes = 0
  }
  return {
    begin: close,
    add: (sizeBytes: number): void => {
      bytes += sizeBytes
    },
    end: (frames: number): number => {
      close(frames)
      return peakBps
    },
  }
}
