import type { TimedPacket } from './ffprobe-grid.ts'
import { inputArgs, jumpArgs, QUIET_ARGS, type SourceClock } from './ffmpeg-input.ts'

/**
 * Containers whose times are what they say: with an index of them, or a clock that only goes forward. Those of the others jump
 * where a broadcast was cut or a clock of 33 bits runs over, or are not there at all; ffmpeg makes one line of them when
 * it encodes or copies, and nothing else does.
 */
const STEADY = /^(mov,|matroska|flv|asf|gif|apng|ogg|wav|w64|flac|mp3|aiff|caf|au)/

export const hasSteadyClock = (container: string): boolean => STEADY.test(container)

/** Arguments that make ffmpeg print the packets of these streams with the times that an encode would see, from 0. */
export const correctedPacketArgs = (path: string, { streams, leastJumpS, looksFar }: SourceClock): string[] => [
  ...QUIET_ARGS,
  ...jumpArgs(leastJumpS),
  ...inputArgs(path, { looksFar }),
  ...streams.flatMap((index) => ['-map', `0:${index}`]),
  '-c',
  'copy',
  '-copyinkf',
  '-f',
  'framecrc',
  '-',
]

/** How the muxer writes that a packet has no such time. */
const NO_TIME = -(2 ** 63)

/**
 * Reads what `-f framecrc` prints: `#tb 0: 1/90000` for each stream, then `0, dts, pts, duration, size, 0xcrc`, with `F=0x0`
 * behind it for what is no keyframe. Returns null for other lines.
 */
export const createFrameCrcParser = () => {
  const ticks = new Map<number, number>()
  return (line: string): { output: number; packet: TimedPacket } | null => {
    const clock = /^#tb (\d+): (\d+)\/(\d+)/.exec(line)
    if (clock) ticks.set(Number(clock[1]), Number(clock[2]) / Number(clock[3]))
    if (!/^\d/.test(line)) return null
    const [output = Number.NaN, dts = 0, pts = 0, duration = 0, sizeBytes = 0] = line.split(',', 5).map(Number)
    const tick = ticks.get(output) ?? Number.NaN
    const seconds = (time: number): number => (time === NO_TIME ? Number.NaN : time * tick)
    const flags = /, F=0x([0-9A-F]+)/.exec(line)?.[1]
    const key = flags === undefined || Number.parseInt(flags, 16) % 2 === 1
    return {
      output,
      packet: { pts: seconds(pts), dts: seconds(dts), duration: duration * tick, sizeBytes, key, hidden: false },
    }
  }
}
