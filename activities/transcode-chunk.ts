import { mkdir, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { SluiceError } from '../contract/failures.ts'
import type { VideoEncode } from '../contract/plan.ts'
import type { TranscodeChunkInput, TranscodedChunk } from '../contract/steps.ts'
import { chunkOf, tilesIn, type EncodeChunk } from '../tools/encode-chunk.ts'
import { encodeArgs } from '../tools/ffmpeg-encode.ts'
import { clockOf } from '../tools/ffmpeg-input.ts'
import { runFfmpeg } from '../tools/ffmpeg.ts'
import { readFragments } from '../tools/mp4-fragments.ts'
import { retimeFragments } from '../tools/mp4-retime.ts'
import { allEnded } from './all-ended.ts'
import { checkFragments, lengthOf } from './chunk-check.ts'
import { runStep, type StepDeps } from './step.ts'
import { toolContext } from './tool-context.ts'

/**
 * Encodes a chunk of the picture: one decode of the source makes all renditions, and storyboard tiles where the plan has them
 * made here. A chunk that an earlier attempt finished is taken as it is.
 */
export const createTranscodeChunk =
  (deps: StepDeps) =>
  ({ ref, file, plan, chunk: index, copy }: TranscodeChunkInput): Promise<TranscodedChunk> =>
    runStep(deps, ref, async (run) => {
      const { video } = plan
      if (video.mode !== 'encode') throw new SluiceError('Internal', 'The plan has no picture to encode.')
      const chunk = chunkOf(video, index)
      const key = `${ref.jobId}/${plan.hash}/video/${chunk.from}-${chunk.length ?? 'end'}`
      const finished = await findChunk(deps, key, { video, chunk })
      if (finished) return finished

      const chunkDir = join(run.scratchDir, 'video')
      const tilesDir = tilesOf(chunkDir)
      await mkdir(tilesDir, { recursive: true })
      const outputs = renditionsOf(chunkDir, video)
      const path = await deps.store.read((copy ?? file).key)
      const source = { path, isCopy: copy !== undefined, clock: copy ? { streams: [] } : clockOf(plan) }
      await runFfmpeg(toolContext(deps, run), {
        // A copy has nothing else in it.
        args: encodeArgs({ video: copy ? { ...video, streamIndex: 0 } : video, chunk, source, outputs, tilesDir }),
        totalMs: lengthOf(video, chunk),
        onProgress: (progress) => run.report(progress),
      })
      if (video.frameRate === null) for (const output of outputs) await retimeFragments(output)
      await checkChunk(chunkDir, { video, chunk })
      return deps.store.commit(chunkDir, key)
    })

const renditionsOf = (dir: string, { renditions }: VideoEncode): string[] =>
  renditions.map(({ name }) => join(dir, `${name}.mp4`))
const tilesOf = (dir: string): string => join(dir, 'tiles')

interface Wanted {
  video: VideoEncode
  chunk: EncodeChunk
}

/** The folder was committed as one, so that either all of it is there or nothing; what is damaged since is made again. */
const findChunk = async (deps: StepDeps, key: string, wanted: Wanted): Promise<TranscodedChunk | null> => {
  const found = await deps.store.find(key)
  if (!found) return null
  try {
    await checkChunk(await deps.store.read(key), wanted)
    return found
  } catch (error) {
    deps.log.warn({ err: error, key }, 'a finished chunk is damaged and is made again')
    return null
  }
}

/** @throws SluiceError OutputInvalid where frames, times or tiles are not those of the plan. */
const checkChunk = async (dir: string, wanted: Wanted): Promise<void> => {
  const { video, chunk } = wanted
  const made = await allEnded(renditionsOf(dir, video).map((path) => readFragments(path)))
  const counts = new Set(made.map(({ frames }) => frames))
  // They come from one decode: a player could not switch between renditions of different length.
  if (counts.size > 1) throw new SluiceError('OutputInvalid', 'The renditions differ in their number of pictures.')
  for (const one of made.slice(0, 1)) checkFragments(one, video, chunk)
  await checkTiles(dir, wanted)
}

const checkTiles = async (dir: string, { video, chunk }: Wanted): Promise<void> => {
  const expected = video.storyboardBranch ? tilesIn(video, chunk, video.storyboardBranch).count : 0
  const made = (await readdir(tilesOf(dir))).length
  if (made !== expected) {
    throw new SluiceError('OutputInvalid', `The storyboard has ${made} instead of ${expected} tiles.`)
  }
}
