import { SluiceError } from '../contract/failures.ts'
import { inputArgs, type SourceClock } from './ffmpeg-input.ts'
import { correctedPacketArgs, createFrameCrcParser } from './ffmpeg-packets.ts'
import { parseProbeAnswer, streamType, type ProbeAnswer } from './ffprobe-answer.ts'
import type { KeyframeGrid } from './keyframe-grid.ts'
import type { TimedPacket } from './ffprobe-grid.ts'
import { createPacketScan, PACKET_ENTRIES, parsePacketLine, type PacketScan } from './ffprobe-packets.ts'
import { believeHoles, isStep, leastJump, USUAL_JUMP_S } from './source-holes.ts'
import { readMp4Layout } from './mp4-boxes.ts'
import { endedByItself, runMediaTool, type ToolContext } from './tool-context.ts'

export interface ProbeReading {
  answer: ProbeAnswer
  /** ffprobe's own JSON, as it printed it. */
  raw: string
}

/**
 * Container and streams of a file, by `ffprobe -show_format -show_streams`.
 * @throws SluiceError UnsupportedMedia when it is no media that can be read; what runTool throws.
 */
export const probeFile = async (
  context: ToolContext,
  path: string,
  clock: Pick<SourceClock, 'looksFar'> = {},
): Promise<ProbeReading> => {
  const args = ['-v', 'error', '-of', 'json', '-show_format', '-show_streams', ...inputArgs(path, clock)]
  try {
    const { stdout } = await runMediaTool(context, 'ffprobe', { args })
    return { answer: parseProbeAnswer(JSON.parse(stdout)), raw: stdout }
  } catch (error) {
    if (endedByItself(error)) {
      throw new SluiceError('UnsupportedMedia', await whyUnreadable(path, error), error.details, error)
    }
    throw error
  }
}

/** Containers that announce no sound, or none that could be decoded, before it comes. */
const UNANNOUNCED = /^(mpegts|mpeg|flv)$/

/** As {@link probeFile}; further into a file whose sound may begin later than ffmpeg looks for it. */
export const probeSource = async (
  context: ToolContext,
  path: string,
): Promise<ProbeReading & Required<Pick<SourceClock, 'looksFar'>>> => {
  const near = await probeFile(context, path)
  const { found, missing } = soundIn(near.answer)
  const isLate = UNANNOUNCED.test(near.answer.format.format_name) && (missing > 0 || found === 0)
  if (!isLate) return { ...near, looksFar: false }
  const far = await probeFile(context, path, { looksFar: true })
  const looksFar = soundIn(far.answer).found > found
  return { ...(looksFar ? far : near), looksFar }
}

/** How many sound tracks something was found of, and how many are only announced. */
const soundIn = ({ streams }: ProbeAnswer): { found: number; missing: number } => {
  const sounds = streams.filter((stream) => streamType(stream) === 'audio')
  const found = sounds.filter(({ sample_rate: rate }) => Boolean(rate)).length
  return { found, missing: sounds.length - found }
}

const whyUnreadable = async (path: string, error: SluiceError): Promise<string> => {
  const said = error.details.stderrTail ?? ''
  if (/not on whitelist/i.test(said)) {
    return 'The file is of a kind that points to other files instead of holding media itself; such files are refused.'
  }
  const layout = await readMp4Layout(path)
  if (layout && !layout.hasIndex) {
    return 'The MP4 has no index (moov): it was cut off, or its recording was never finished.'
  }
  return 'The file is not a video or audio recording: no known container was found in it.'
}

export interface ScannedStream {
  streamIndex: number
  /** Frame rates that its pictures may have, as fractions, likeliest first. */
  rates: readonly string[]
  /** Where a stream would have its keyframes; none where nobody asks. */
  grid?: KeyframeGrid | null
}

export interface ScanQuestion {
  path: string
  streams: readonly ScannedStream[]
  /** Take times from ffmpeg, from 0, as the container's own may jump or be absent. */
  corrected?: boolean
  looksFar?: boolean
}

export interface PacketScans {
  /** In the order of the streams. */
  scans: PacketScan[]
  /** Seconds from which on a step of the clock is a jump; left out where ffmpeg's own measure does. */
  leastJumpS?: number
}

/**
 * Walks over all packets without decoding them, and measures the given streams.
 * @param onTime the time of each of their packets in seconds, as it is read.
 */
export const scanPackets = async (
  context: ToolContext,
  question: ScanQuestion,
  onTime: (seconds: number) => void = () => {},
): Promise<PacketScans> => {
  const { scans, leastJumpS } = question.corrected
    ? await scanCorrected(context, question, onTime)
    : { scans: await scanStated(context, question, onTime) }
  return { scans: believeHoles(scans), ...(leastJumpS !== undefined && { leastJumpS }) }
}

const createScans = (streams: readonly ScannedStream[], onTime: (seconds: number) => void) => {
  const scans = streams.map(({ rates, grid }) => createPacketScan(rates, grid))
  return {
    take: (place: number | undefined, packet: TimedPacket): void => {
      const seconds = place === undefined ? null : (scans[place]?.add(packet) ?? null)
      if (seconds !== null) onTime(seconds)
    },
    results: () => scans.map((scan) => scan.result()),
  }
}

/** Times as the container states them. */
const scanStated = async (
  context: ToolContext,
  { path, streams, looksFar }: ScanQuestion,
  onTime: (seconds: number) => void,
): Promise<PacketScan[]> => {
  const { take, results } = createScans(streams, onTime)
  const places = new Map(streams.map(({ streamIndex }, place) => [streamIndex, place]))
  const shown = ['-show_entries', PACKET_ENTRIES, '-of', 'compact=p=0:nk=1']
  await runMediaTool(context, 'ffprobe', {
    args: ['-v', 'error', ...shown, ...inputArgs(path, { looksFar })],
    onStdoutLine: (line) => {
      const { streamIndex, packet } = parsePacketLine(line)
      take(places.get(streamIndex), packet)
    },
  })
  return results()
}

/** Longer than any recording: only steps back are jumps then. */
const NO_JUMP_S = 1e7

/**
 * Times as ffmpeg straightens them. It takes each step forward of ten seconds for a jump of the clock, also that of a stream which
 * was merely absent, and what follows comes too early. So it is asked to leave them first, which tells the one from the other.
 */
const scanCorrected = async (
  context: ToolContext,
  { path, streams, looksFar }: ScanQuestion,
  onTime: (seconds: number) => void,
): Promise<PacketScans> => {
  const indexes = streams.map(({ streamIndex }) => streamIndex)
  const scanWith = async (leastJumpS?: number): Promise<PacketScan[]> => {
    const { take, results } = createScans(streams, onTime)
    const parse = createFrameCrcParser()
    await runMediaTool(context, 'ffmpeg', {
      args: correctedPacketArgs(path, { streams: indexes, leastJumpS, looksFar }),
      onStdoutLine: (line) => {
        const read = parse(line)
        if (read) take(read.output, read.packet)
      },
    })
    return results()
  }
  if (streams.length < 2) return { scans: await scanWith() }
  const asStated = await scanWith(NO_JUMP_S)
  const begins = asStated.map(({ firstPts }) => firstPts ?? 0)
  const isPlain = asStated.every(({ gaps }) => !gaps.some(isStep)) && begins.every((at) => at < USUAL_JUMP_S / 2)
  if (isPlain) return { scans: asStated }
  const straightened = await scanWith()
  const leastJumpS = leastJump(asStated, straightened)
  return leastJumpS === null ? { scans: straightened } : { scans: await scanWith(leastJumpS), leastJumpS }
}
