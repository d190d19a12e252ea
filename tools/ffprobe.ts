import { SluiceError } from '../contract/failures.ts'
import { inputArgs } from './ffmpeg-input.ts'
import { correctedPacketArgs, createFrameCrcParser } from './ffmpeg-packets.ts'
import { parseProbeAnswer, type ProbeAnswer } from './ffprobe-answer.ts'
import type { KeyframeGrid } from './keyframe-grid.ts'
import type { TimedPacket } from './ffprobe-grid.ts'
import { createPacketScan, PACKET_ENTRIES, parsePacketLine, type PacketScan } from './ffprobe-packets.ts'
import { readMp4Layout } from './mp4-boxes.ts'
import { runMediaTool, type ToolContext } from './tool-context.ts'

export interface ProbeReading {
  answer: ProbeAnswer
  /** ffprobe's own JSON, as it printed it. */
  raw: string
}

/**
 * Container and streams of a file, by `ffprobe -show_format -show_streams`.
 * @throws SluiceError UnsupportedMedia when it is no media that can be read; what runTool throws.
 */
export const probeFile = async (context: ToolContext, path: string): Promise<ProbeReading> => {
  const args = ['-v', 'error', '-of', 'json', '-show_format', '-show_streams', ...inputArgs(path)]
  try {
    const { stdout } = await runMediaTool(context, 'ffprobe', { args })
    return { answer: parseProbeAnswer(JSON.parse(stdout)), raw: stdout }
  } catch (error) {
    if (error instanceof SluiceError && error.code === 'ToolCrashed' && error.details.signal === null) {
      throw new SluiceError('UnsupportedMedia', await whyUnreadable(path, error), error.details, error)
    }
    throw error
  }
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
}

/**
 * Walks over all packets without decoding them, and measures the given streams; in their order.
 * @param onTime the time of each of their packets in seconds, as it is read.
 */
export const scanPackets = async (
  context: ToolContext,
  { path, streams, corrected = false }: ScanQuestion,
  onTime: (seconds: number) => void = () => {},
): Promise<PacketScan[]> => {
  const scans = streams.map(({ rates, grid }) => createPacketScan(rates, grid))
  const take = (scan: (typeof scans)[number] | undefined, packet: TimedPacket): void => {
    const seconds = scan?.add(packet) ?? null
    if (seconds !== null) onTime(seconds)
  }
  if (corrected) {
    const parse = createFrameCrcParser()
    await runMediaTool(context, 'ffmpeg', {
      args: correctedPacketArgs(
        path,
        streams.map(({ streamIndex }) => streamIndex),
      ),
      onStdoutLine: (line) => {
        const read = parse(line)
        if (read) take(scans[read.output], read.packet)
      },
    })
  } else {
    const places = new Map(streams.map(({ streamIndex }, place) => [streamIndex, place]))
    const shown = ['-show_entries', PACKET_ENTRIES, '-of', 'compact=p=0:nk=1']
    await runMediaTool(context, 'ffprobe', {
      args: ['-v', 'error', ...shown, ...inputArgs(path)],
      onStdoutLine: (line) => {
        const { streamIndex, packet } = parsePacketLine(line)
        const place = places.get(streamIndex)
        if (place !== undefined) take(scans[place], packet)
      },
    })
  }
  return scans.map((scan) => scan.result())
}
