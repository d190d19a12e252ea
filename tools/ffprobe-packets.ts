import type { GridFit } from '../contract/source-facts.ts'
import { createGridScan } from './ffprobe-grid.ts'
import type { KeyframeGrid } from './keyframe-grid.ts'

/** What a walk over the packets of a stream tells; the container's own figures are often absent or wrong. */
export interface PacketScan {
  frames: number
  /** Seconds on the file's own clock. */
  firstPts: number | null
  /** End of the last frame. */
  endPts: number | null
  bytes: number
  keyframes: { count: number; medianGap: number | null; longestGap: number | null }
  /** Whether all frames last equally long, within the rounding of the container's clock. */
  constantRate: boolean
  grid: GridFit
}

/** For `ffprobe -show_entries … -of compact=p=0:nk=1`: a line a packet, fields in this order. */
export const PACKET_ENTRIES = 'packet=stream_index,pts_time,dts_time,duration_time,size,flags'

/** A container that counts milliseconds puts a frame up to 1 ms off on either side. */
const CLOCK_ROUNDING_S = 0.0021
/** A dropped frame here and there does not make a recording variable. */
const IRREGULAR_PART = 0.01

/**
 * Takes the packets of one stream line by line in file order; `result()` when all were seen. `frameSeconds` is the expected
 * distance, `grid` where a stream would have its keyframes.
 */
export const createPacketScan = (frameSeconds: number | null, grid: KeyframeGrid | null = null) => {
  const gridScan = grid && createGridScan(grid)
  const times: number[] = []
  const keyTimes: number[] = []
  let bytes = 0
  let frames = 0
  let endPts: number | null = null
  return {
    /** The packet's time in seconds, for progress; null where it has none. */
    add(line: string): number | null {
      const [, ptsText = '', dtsText = '', durationText = '', sizeText = '', flags = ''] = line.split('|')
      const [pts = 0, dts = 0, duration = 0] = [ptsText, dtsText, durationText].map(Number.parseFloat)
      const sizeBytes = Number(sizeText) || 0
      const [key, hidden] = [flags.startsWith('K'), flags.includes('D')]
      gridScan?.add({ pts, dts, duration, sizeBytes, key, hidden })
      // A packet that an edit list discards is decoded but never shown.
      if (hidden) return null
      frames += 1
      bytes += sizeBytes
      if (!Number.isFinite(pts)) return null
      times.push(pts)
      if (key) keyTimes.push(pts)
      endPts = Math.max(endPts ?? pts, pts + (duration || frameSeconds || 0))
      return pts
    },
    result(): PacketScan {
      const sorted = Float64Array.from(times).sort()
      const gaps = gapsOf(Float64Array.from(keyTimes).sort())
      return {
        frames,
        firstPts: sorted[0] ?? null,
        endPts,
        bytes,
        keyframes: { count: keyTimes.length, medianGap: medianOf(gaps), longestGap: gaps.at(-1) ?? null },
        constantRate: frameSeconds !== null && isConstant(gapsOf(sorted), frameSeconds),
        grid: gridScan?.result() ?? { fits: false, misfit: 'unmeasured' },
      }
    },
  }
}

/** Ascending distances between neighbours. */
const gapsOf = (sorted: Float64Array): Float64Array =>
  sorted
    .slice(1)
    .map((time, index) => time - (sorted[index] ?? time))
    .sort()

const medianOf = (sorted: Float64Array): number | null => sorted[Math.floor(sorted.length / 2)] ?? null

const isConstant = (gaps: Float64Array, frameSeconds: number): boolean => {
  const irregular = gaps.filter((gap) => Math.abs(gap - frameSeconds) > CLOCK_ROUNDING_S).length
  return irregular <= gaps.length * IRREGULAR_PART
}
