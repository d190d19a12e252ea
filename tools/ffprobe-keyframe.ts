import { inputArgs } from './ffmpeg-input.ts'
import { runMediaTool, type ToolContext } from './tool-context.ts'

export interface KeyframeQuestion {
  path: string
  streamIndex: number
  atMs: number
}

/** Pictures may be stored so long before they are shown, and after others that are shown later. */
const REORDERING_S = 2

/**
 * When the last keyframe is shown that is not after `atMs`, both in milliseconds from the start of the container; 0 without one.
 * Walks over the packets up to there. @throws SluiceError as runTool does.
 */
export const keyframeBefore = async (
  context: ToolContext,
  { path, streamIndex, atMs }: KeyframeQuestion,
): Promise<number> => {
  let startS = 0
  let newestS: number | null = null
  const { stdout } = await runMediaTool(context, 'ffprobe', {
    args: ['-v', 'error', '-of', 'csv=p=0', '-show_entries', 'format=start_time', ...inputArgs(path)],
  })
  startS = Number(stdout.trim()) || 0
  const shown = ['-select_streams', `${streamIndex}`, '-show_entries', 'packet=pts_time,flags', '-of', 'csv=p=0']
  const until = ['-read_intervals', `%${startS + atMs / 1_000 + REORDERING_S}`]
  await runMediaTool(context, 'ffprobe', {
    args: ['-v', 'error', ...shown, ...until, ...inputArgs(path)],
    onStdoutLine: (line) => {
      const [time = '', flags = ''] = line.split(',')
      const seconds = Number.parseFloat(time) - startS
      if (flags.startsWith('K') && seconds * 1_000 <= atMs) newestS = Math.max(newestS ?? seconds, seconds)
    },
  })
  return Math.max(0, Math.round((newestS ?? 0) * 1_000_000) / 1_000)
}
