import { SluiceError } from '../contract/failures.ts'
import { inputArgs } from './ffmpeg-input.ts'
import { parseProbeAnswer, type ProbeAnswer } from './ffprobe-answer.ts'
import type { KeyframeGrid } from './keyframe-grid.ts'
import { createPacketScan, PACKET_ENTRIES, type PacketScan } from './ffprobe-packets.ts'
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
  /** Expected distance of its pictures; null where there is none. */
  frameSeconds: number | null
  /** Where a stream would have its keyframes; none where nobody asks. */
  grid?: KeyframeGrid | null
}

/**
 * Walks over all packets without decoding them, and measures the given streams; in their order.
 * @param onTime the time of each of their packets in seconds, as it is read.
 */
export const scanPackets = async (
  context: ToolContext,
  { path, streams }: { path: string; streams: readonly ScannedStream[] },
  onTime: (seconds: number) => void = () => {},
): Promise<PacketScan[]> => {
  const scans = new Map(
    streams.map(({ streamIndex, frameSeconds, grid }) => [`${streamIndex}`, createPacketScan(frameSeconds, grid)]),
  )
  const shown = ['-show_entries', PACKET_ENTRIES, '-of', 'compact=p=0:nk=1']
  await runMediaTool(context, 'ffprobe', {
    args: ['-v', 'error', ...shown, ...inputArgs(path)],
    onStdoutLine: (line) => {
      const seconds = scans.get(line.slice(0, line.indexOf('|')))?.add(line) ?? null
      if (seconds !== null) onTime(seconds)
    },
  })
  return [...scans.values()].map((scan) => scan.result())
}
