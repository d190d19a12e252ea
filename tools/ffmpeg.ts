import type { ToolProgress } from '../contract/progress.ts'
import { createProgressParser, createProgressWatch } from './ffmpeg-progress.ts'
import { runMediaTool, type ToolContext } from './tool-context.ts'

export interface FfmpegRun {
  /** With PROGRESS_ARGS among them. */
  args: readonly string[]
  /** How much media there is; null where unknown. */
  totalMs: number | null
  onProgress: (progress: ToolProgress) => void
}

/**
 * Runs ffmpeg and hands on its progress as it comes. A run whose media time stands still is stopped.
 * @throws SluiceError as runTool does.
 */
export const runFfmpeg = async (context: ToolContext, { args, totalMs, onProgress }: FfmpegRun): Promise<void> => {
  const parse = createProgressParser(totalMs)
  await runMediaTool(context, 'ffmpeg', {
    args,
    isProgress: createProgressWatch(),
    onStdoutLine: (line) => {
      const progress = parse(line)
      if (progress) onProgress(progress)
    },
  })
}
