import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { SluiceError } from '../contract/failures.ts'
import type { MediaPlan } from '../contract/plan.ts'
import {
  evenFramesArgs,
  keyframeArgs,
  measuredSize,
  type CandidateFiles,
  type FrameSource,
} from '../tools/ffmpeg-frames.ts'
import { bestFrame, measureFrame, type FrameMeasure } from '../tools/image-score.ts'
import { runMediaTool, type ToolContext } from '../tools/tool-context.ts'
import { saysUnreadable } from './unreadable-picture.ts'

const CANDIDATES = 12
/** Candidates lie within this part of the recording: the rest is logos and credits. */
const FIRST_PART = 0.04
const LAST_PART = 0.94
/** Counted from 1, as ffmpeg numbers files. */
const INDEXES = Array.from({ length: CANDIDATES }, (_, index) => index + 1)

/**
 * Takes a dozen pictures from all over the recording and returns the path of the best one.
 * @throws SluiceError OutputInvalid where there is none.
 */
export const bestCandidate = async (context: ToolContext, path: string, plan: MediaPlan): Promise<string> => {
  const source = frameSource(path, plan)
  const durationMs = Math.max(1, plan.durationMs ?? 0)
  const take = plan.thumbnails.posterBy === 'keyframes' ? takeKeyframes : takeFromWhole
  const candidates = await take(context, source, durationMs)
  if (candidates.length === 0) throw new SluiceError('OutputInvalid', 'No picture could be read from the source.')
  return candidates[bestFrame(candidates.map(({ measure }) => measure))]?.picture ?? ''
}

const frameSource = (path: string, { thumbnails, excerpt }: MediaPlan): FrameSource => ({
  path,
  streamIndex: thumbnails.streamIndex ?? 0,
  colour: thumbnails.colour,
  deinterlace: thumbnails.deinterlace,
  size: thumbnails.frameSize ?? { width: 16, height: 16 },
  excerpt,
})

interface Candidate {
  /** Absolute path of the JPEG. */
  picture: string
  measure: FrameMeasure
}

const filesOf = (context: ToolContext, name: string): CandidateFiles => ({
  picture: join(context.cwd, `candidate-${name}.jpg`),
  grey: join(context.cwd, `candidate-${name}.grey`),
})

const twoDigits = (index: number): string => String(index).padStart(2, '0')

const takeFromWhole = async (context: ToolContext, source: FrameSource, durationMs: number): Promise<Candidate[]> => {
  const files = filesOf(context, '%02d')
  // Only the picture's name is a pattern.
  const grey = filesOf(context, 'all').grey
  const args = evenFramesArgs(source, { count: CANDIDATES, durationMs, files: { ...files, grey } })
  await runMediaTool(context, 'ffmpeg', { args })
  const { width, height } = measuredSize(source.size)
  const bytes = await readFile(grey)
  return pictured(
    context,
    INDEXES.map((index) => bytes.subarray((index - 1) * width * height, index * width * height)),
    source,
  )
}

const takeKeyframes = async (context: ToolContext, source: FrameSource, durationMs: number): Promise<Candidate[]> => {
  const files = INDEXES.map((index) => filesOf(context, twoDigits(index)))
  const places = files.map((made, index) => ({ atMs: durationMs * positionOf(index + 1), files: made }))
  try {
    await runMediaTool(context, 'ffmpeg', { args: keyframeArgs(source, places) })
  } catch (error) {
    // Damaged at some of the places: the others are there.
    if (!saysUnreadable(error)) throw error
  }
  const greys = await Promise.all(files.map(({ grey }) => readFile(grey).catch(() => Buffer.alloc(0))))
  return pictured(context, greys, source)
}

/** The candidates of which both the picture and its whole grey copy are there. */
const pictured = async (
  context: ToolContext,
  greys: readonly Buffer[],
  { size }: FrameSource,
): Promise<Candidate[]> => {
  const { width, height } = measuredSize(size)
  const made = new Set(await readdir(context.cwd))
  return INDEXES.flatMap((index) => {
    const data = greys[index - 1]
    const name = twoDigits(index)
    if (data?.length !== width * height || !made.has(`candidate-${name}.jpg`)) return []
    const measure = measureFrame({ data, width, height }, positionOf(index))
    return [{ picture: filesOf(context, name).picture, measure }]
  })
}

/** Place of a candidate, counted from 1, in the recording, 0–1. */
const positionOf = (index: number): number => FIRST_PART + ((LAST_PART - FIRST_PART) * (index - 1)) / (CANDIDATES - 1)
