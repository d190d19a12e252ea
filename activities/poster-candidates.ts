import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { SluiceError } from '../contract/failures.ts'
import type { MediaPlan } from '../contract/plan.ts'
import { evenFramesArgs, keyframeArgs, type FrameSource } from '../tools/ffmpeg-frames.ts'
import { measureImage } from '../tools/image-poster.ts'
import { bestFrame } from '../tools/image-score.ts'
import { runMediaTool, type ToolContext } from '../tools/tool-context.ts'
import { saysUnreadable } from './unreadable-picture.ts'

const CANDIDATES = 12
/** Candidates lie within this part of the recording: the rest is logos and credits. */
const FIRST_PART = 0.04
const LAST_PART = 0.94

/**
 * Takes a dozen pictures from all over the recording and returns the path of the best one.
 * @throws SluiceError OutputInvalid where there is none.
 */
export const bestCandidate = async (context: ToolContext, path: string, plan: MediaPlan): Promise<string> => {
  const source = frameSource(path, plan)
  const durationMs = Math.max(1, plan.durationMs ?? 0)
  if (plan.thumbnails.posterBy === 'keyframes') await takeKeyframes(context, source, durationMs)
  else await takeFromWhole(context, source, durationMs)
  const candidates = await candidatesIn(context)
  if (candidates.length === 0) throw new SluiceError('OutputInvalid', 'No picture could be read from the source.')
  const measures = await Promise.all(candidates.map(({ file, index }) => measureImage(file, positionOf(index))))
  return candidates[bestFrame(measures)]?.file ?? ''
}

const frameSource = (path: string, { thumbnails }: MediaPlan): FrameSource => ({
  path,
  streamIndex: thumbnails.streamIndex ?? 0,
  colour: thumbnails.colour,
  deinterlace: thumbnails.deinterlace,
  size: thumbnails.frameSize ?? { width: 16, height: 16 },
})

const candidateFile = (context: ToolContext, index: string): string => join(context.cwd, `candidate-${index}.jpg`)

const candidatesIn = async (context: ToolContext): Promise<{ file: string; index: number }[]> => {
  const names = await readdir(context.cwd)
  return names.toSorted().flatMap((name) => {
    const index = /^candidate-(\d+)\.jpg$/.exec(name)?.[1]
    return index === undefined ? [] : [{ file: join(context.cwd, name), index: Number(index) }]
  })
}

const takeFromWhole = async (context: ToolContext, source: FrameSource, durationMs: number): Promise<void> => {
  const pattern = candidateFile(context, '%02d')
  await runMediaTool(context, 'ffmpeg', { args: evenFramesArgs(source, { count: CANDIDATES, durationMs, pattern }) })
}

const takeKeyframes = async (context: ToolContext, source: FrameSource, durationMs: number): Promise<void> => {
  for (let index = 1; index <= CANDIDATES; index += 1) {
    const output = candidateFile(context, String(index).padStart(2, '0'))
    try {
      await runMediaTool(context, 'ffmpeg', { args: keyframeArgs(source, durationMs * positionOf(index), output) })
    } catch (error) {
      // Nothing is at this place: behind the last picture, or damaged. There are others.
      if (!saysUnreadable(error)) throw error
    }
  }
}

/** Place of a candidate, counted from 1, in the recording, 0–1. */
const positionOf = (index: number): number => FIRST_PART + ((LAST_PART - FIRST_PART) * (index - 1)) / (CANDIDATES - 1)
