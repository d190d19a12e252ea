import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { SluiceError } from '../contract/failures.ts'
import type { MediaPlan } from '../contract/plan.ts'
import { evenFramesArgs, frameAtArgs, type FrameSource } from '../tools/ffmpeg-frames.ts'
import { measureImage } from '../tools/image-poster.ts'
import { bestFrame } from '../tools/image-score.ts'
import { runMediaTool, type ToolContext } from '../tools/tool-context.ts'
import { saysUnreadable } from './unreadable-picture.ts'

const CANDIDATES = 12
/** Up to here one decode of everything is cheaper than a dozen programs that each seek. */
const DECODE_ALL_UP_TO_MS = 20_000
/** Candidates lie within this part of the recording: the rest is logos and credits. */
const FIRST_PART = 0.04
const LAST_PART = 0.94

/** Takes a dozen pictures from all over the recording and returns the path of the best one. */
export const bestCandidate = async (context: ToolContext, path: string, plan: MediaPlan): Promise<string> => {
  const source = frameSource(path, plan)
  const durationMs = plan.durationMs ?? 0
  const short = durationMs <= DECODE_ALL_UP_TO_MS
  if (short) await takeFromWhole(context, source, Math.max(durationMs, 1))
  else await takeBySeeking(context, source, durationMs)
  let files = await candidatesIn(context)
  // Where every seek ended behind the last picture there still is the first one.
  if (files.length === 0 && !short) {
    await takeAt(context, source, 0, 0)
    files = await candidatesIn(context)
  }
  if (files.length === 0) throw new SluiceError('OutputInvalid', 'No picture could be read from the source.')
  const measures = await Promise.all(
    files.map((file, index) => measureImage(file, positionOf(index, files.length, short))),
  )
  return files[bestFrame(measures)] ?? ''
}

const frameSource = (path: string, { thumbnails }: MediaPlan): FrameSource => ({
  path,
  streamIndex: thumbnails.streamIndex ?? 0,
  colour: thumbnails.colour,
  deinterlace: thumbnails.deinterlace,
  size: thumbnails.frameSize ?? { width: 16, height: 16 },
})

const candidateFile = (context: ToolContext, index: string): string => join(context.cwd, `candidate-${index}.jpg`)

const candidatesIn = async (context: ToolContext): Promise<string[]> => {
  const names = await readdir(context.cwd)
  return names
    .filter((name) => name.startsWith('candidate-'))
    .toSorted()
    .map((name) => join(context.cwd, name))
}

const takeFromWhole = async (context: ToolContext, source: FrameSource, durationMs: number): Promise<void> => {
  const pattern = candidateFile(context, '%02d')
  await runMediaTool(context, 'ffmpeg', { args: evenFramesArgs(source, { count: CANDIDATES, durationMs, pattern }) })
}

const takeBySeeking = async (context: ToolContext, source: FrameSource, durationMs: number): Promise<void> => {
  for (let index = 0; index < CANDIDATES; index += 1) {
    await takeAt(context, source, index, durationMs * positionOf(index, CANDIDATES, false))
  }
}

const takeAt = async (context: ToolContext, source: FrameSource, index: number, atMs: number): Promise<void> => {
  const output = candidateFile(context, String(index).padStart(2, '0'))
  try {
    await runMediaTool(context, 'ffmpeg', { args: frameAtArgs(source, atMs, output) })
  } catch (error) {
    // Nothing is at this place: behind the last picture, or damaged. There are others.
    if (!saysUnreadable(error)) throw error
  }
}

/** Place of a candidate in the recording, 0–1. */
const positionOf = (index: number, count: number, short: boolean): number =>
  short ? (index + 0.5) / count : FIRST_PART + ((LAST_PART - FIRST_PART) * index) / Math.max(1, count - 1)
