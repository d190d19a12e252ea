import type { GridFit } from '../contract/source-facts.ts'
import { createGridScan, type TimedPacket } from './ffprobe-grid.ts'
import { constantRateOf, secondsPerFrame } from './frame-rate.ts'
import type { KeyframeGrid } from './keyframe-grid.ts'
import type { Gap } from './source-holes.ts'

/** Whether each packet says when it is shown, some and the first of them do, or not even that. */
export type PacketTimes = 'each' | 'first' | 'none'

/** What a walk over the packets of a stream tells; the container's own figures are often absent or wrong. */
export interface PacketScan {
  frames: number
  /** Seconds on the clock of who read them. */
  firstPts: number | null
  /** End of the last frame. */
  endPts: number | null
  /** Seconds in front of the first that an edit list hides. */
  leadS: number
  timed: PacketTimes
  /** By the times stated there would be nothing for most of the length. */
  absurd: boolean
  /** Seconds that all frames last together. */
  content: number
  bytes: number
  keyframes: { count: number; medianGap: number | null; longestGap: number | null }
  /** The rate as a fraction where all frames last equally long, within the rounding of the container's clock. */
  frameRate: string | null
  /** Seconds from one frame to the next, or to the end, where that takes longest; null where there is none. */
  longestFrame: number | null
  /** Where there is nothing for {@link NOTED_GAP_S} or more, as decoded. */
  gaps: readonly Gap[]
  /** Seconds in which there is nothing from one packet to the next, where that takes longest; 0 where each follows the one before. */
  longestGap: number
  grid: GridFit
}

/** Packets of sound last for less, or all of them for longer. */
const LONG_SOUND_S = 0.05

/** Shorter ones are nothing that anybody has to know of. */
export const NOTED_GAP_S = 1

/** For `ffprobe -show_entries … -of compact=p=0:nk=1`: a line a packet, fields in this order. */
export const PACKET_ENTRIES = 'packet=stream_index,pts_time,dts_time,duration_time,size,flags'

/** The stream's index and its packet, of a line that ffprobe prints for {@link PACKET_ENTRIES}. */
export const parsePacketLine = (line: string): { streamIndex: number; packet: TimedPacket } => {
  const [index = '', ptsText = '', dtsText = '', durationText = '', sizeText = '', flags = ''] = line.split('|')
  const [pts = 0, dts = 0, duration = 0] = [ptsText, dtsText, durationText].map(Number.parseFloat)
  const [key, hidden] = [flags.startsWith('K'), flags.includes('D')]
  return {
    streamIndex: Number.parseInt(index, 10),
    packet: { pts, dts, duration, sizeBytes: Number(sizeText) || 0, key, hidden },
  }
}

/**
 * Takes the packets of one stream in file order; `result()` when all were seen. `rates` are those that its frames may have,
 * likeliest first; `grid` where a stream would have its keyframes.
 */
export const createPacketScan = (rates: readonly string[], grid: KeyframeGrid | null = null) => {
  const gridScan = grid && createGridScan(grid)
  const usual = rates[0] === undefined ? 0 : secondsPerFrame(rates[0])
  const times: number[] = []
  const decodeTimes: number[] = []
  const keyTimes: number[] = []
  let bytes = 0
  let frames = 0
  let endPts: number | null = null
  let firstHidden = Infinity
  let timed: PacketTimes = 'none'
  let content = 0
  const gaps: Gap[] = []
  let longestGap = 0
  let decodedTo = Infinity
  let shortest = Infinity
  /** Sound follows sound; pictures may come in another order, but are decoded in this one. */
  const follow = (fromS: number, statedS: number): void => {
    if (statedS > 0) shortest = Math.min(shortest, statedS)
    // A picture may stand for long. Of sound some containers state how far away the next packet is.
    const lastsS = rates.length > 0 ? statedS : Math.min(statedS, Math.max(LONG_SOUND_S, 2 * shortest))
    const gap = fromS - decodedTo
    longestGap = Math.max(longestGap, gap)
    if (gap >= NOTED_GAP_S) gaps.push({ fromS: decodedTo, toS: fromS })
    decodedTo = decodedTo === Infinity ? fromS + lastsS : Math.max(decodedTo, fromS + lastsS)
  }
  return {
    /** The packet's time in seconds, for progress; null where it has none. */
    add(packet: TimedPacket): number | null {
      gridScan?.add(packet)
      const { pts, dts, duration, key, hidden, sizeBytes } = packet
      const stated = Number.isFinite(pts)
      // A packet that an edit list discards is decoded but never shown.
      if (hidden) {
        if (stated) firstHidden = Math.min(firstHidden, pts)
        return null
      }
      if (frames === 0 && stated) timed = 'each'
      else if (timed === 'each' && !stated) timed = 'first'
      frames += 1
      bytes += sizeBytes
      content += duration || usual
      decodeTimes.push(dts)
      const decoded = Number.isFinite(dts) ? dts : pts
      if (Number.isFinite(decoded)) follow(decoded, duration || usual)
      const time = stated ? pts : dts
      if (!Number.isFinite(time)) return null
      times.push(time)
      if (key) keyTimes.push(time)
      endPts = Math.max(endPts ?? time, time + (duration || usual))
      return time
    },
    result(): PacketScan {
      const sorted = Float64Array.from(times).sort()
      // Where some times are missing, frames still follow each other as they are decoded.
      const distances = gapsOf(timed === 'each' ? sorted : Float64Array.from(decodeTimes).sort())
      const keyGaps = gapsOf(Float64Array.from(keyTimes).sort())
      const firstPts = sorted[0] ?? null
      const longest = distances.at(-1) ?? null
      const last = endPts === null ? null : endPts - (sorted.at(-1) ?? endPts)
      // A single frame has the rate at which it would last as long as it does.
      const frameRate = constantRateOf(
        distances.length === 0 && content > 0 ? Float64Array.of(content) : distances,
        rates,
      )
      const seconds = frameRate === null ? content : frames * secondsPerFrame(frameRate)
      return {
        frames,
        firstPts,
        endPts,
        leadS: firstPts === null ? 0 : Math.max(0, firstPts - firstHidden),
        timed,
        absurd: (longest ?? 0) > ABSURD_HOLE_S && (endPts ?? 0) - (firstPts ?? 0) > 2 * seconds,
        content: seconds,
        bytes,
        keyframes: { count: keyTimes.length, medianGap: medianOf(keyGaps), longestGap: keyGaps.at(-1) ?? null },
        frameRate,
        longestFrame: last === null ? longest : Math.max(longest ?? 0, last),
        gaps,
        longestGap,
        grid: gridScan?.result() ?? { fits: false, misfit: 'unmeasured' },
      }
    },
  }
}

/** Nobody waits so long for the next picture. */
const ABSURD_HOLE_S = 600

/** Ascending distances between neighbours. */
const gapsOf = (sorted: Float64Array): Float64Array =>
  sorted
    .slice(1)
    .map((time, index) => time - (sorted[index] ?? time))
    .sort()

const medianOf = (sorted: Float64Array): number | null => sorted[Math.floor(sorted.length / 2)] ?? null
