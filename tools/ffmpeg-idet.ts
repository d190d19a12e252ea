import { inputArgs } from './ffmpeg-input.ts'
import { runMediaTool, type ToolContext } from './tool-context.ts'

/** Frames that ffmpeg's idet filter judged. */
export interface InterlaceCount {
  interlaced: number
  progressive: number
}

const SAMPLES = 3
/** Four seconds of material, enough for idet's sliding judgement to settle. */
const FRAMES_PER_SAMPLE = 100

/** Reads idet's `Multi frame detection: TFF: 95 BFF: 0 Progressive: 3 Undetermined: 2`; null for other lines. */
export const parseIdetLine = (line: string): InterlaceCount | null => {
  const match = /Multi frame detection:\s*TFF:\s*(\d+)\s*BFF:\s*(\d+)\s*Progressive:\s*(\d+)/.exec(line)
  if (!match) return null
  return { interlaced: Number(match[1]) + Number(match[2]), progressive: Number(match[3]) }
}

/**
 * Whether the frames really are interlaced, by samples from the beginning, middle and end: many progressive recordings carry
 * an interlaced flag.
 */
export const confirmInterlaced = async (
  context: ToolContext,
  { path, streamIndex, durationMs }: { path: string; streamIndex: number; durationMs: number | null },
): Promise<boolean> => {
  const total: InterlaceCount = { interlaced: 0, progressive: 0 }
  for (let sample = 0; sample < SAMPLES; sample += 1) {
    const at = ((durationMs ?? 0) / 1_000) * (sample / SAMPLES + 0.05)
    const general = ['-hide_banner', '-nostdin', '-nostats', '-v', 'info']
    const judged = ['-map', `0:${streamIndex}`, '-frames:v', `${FRAMES_PER_SAMPLE}`, '-vf', 'idet']
    await runMediaTool(context, 'ffmpeg', {
      args: [...general, '-ss', at.toFixed(3), ...inputArgs(path), ...judged, '-f', 'null', '-'],
      onStderrLine: (line) => {
        const counted = parseIdetLine(line)
        total.interlaced += counted?.interlaced ?? 0
        total.progressive += counted?.progressive ?? 0
      },
    })
  }
  return total.interlaced > total.progressive
}
