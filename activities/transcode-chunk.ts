import { mkdir, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { SluiceError } from '../contract/failures.ts'
import type { TranscodeChunkInput, TranscodedChunk } from '../contract/steps.ts'
import { encodeArgs, type VideoEncode } from '../tools/ffmpeg-encode.ts'
import { runFfmpeg } from '../tools/ffmpeg.ts'
import { checkDuration, probeOutput } from '../tools/ffprobe-output.ts'
import type { ToolContext } from '../tools/tool-context.ts'
import { allEnded } from './all-ended.ts'
import { runStep, type StepDeps } from './step.ts'
import { toolContext } from './tool-context.ts'

/**
 * Encodes the picture: one decode of the source makes all renditions, and storyboard tiles where the plan has them made here.
 * A chunk that an earlier attempt finished is taken as it is.
 */
export const createTranscodeChunk =
  (deps: StepDeps) =>
  ({ ref, file, plan }: TranscodeChunkInput): Promise<TranscodedChunk> =>
    runStep(deps, ref, async (run) => {
      const { video } = plan
      if (video.mode !== 'encode') throw new SluiceError('Internal', 'The plan has no picture to encode.')
      const key = `${ref.jobId}/${plan.hash}/video`
      const finished = await findChunk(deps, key, video)
      if (finished) return finished

      const context = toolContext(deps, run)
      const chunkDir = join(run.scratchDir, 'video')
      const tilesDir = join(chunkDir, 'tiles')
      await mkdir(tilesDir, { recursive: true })
      const outputs = video.renditions.map((rendition) => join(chunkDir, `${rendition.name}.mp4`))
      const source = await deps.store.read(file.key)
      await runFfmpeg(context, {
        args: encodeArgs({ video, source, outputs, tilesDir }),
        totalMs: video.expectedMs,
        onProgress: (progress) => run.report(progress),
      })
      await checkRenditions(context, video, outputs)
      await checkTiles(video, tilesDir)
      await deps.store.commit(chunkDir, key)
      const made = await findChunk(deps, key, video)
      if (!made) throw new SluiceError('StorageUnavailable', 'The encoded picture is not where it was put.')
      return made
    })

/** The folder is committed as one, so that either all of it is there or nothing. */
const findChunk = async ({ store }: StepDeps, key: string, video: VideoEncode): Promise<TranscodedChunk | null> => {
  const files = await Promise.all(video.renditions.map(({ name }) => store.find(`${key}/${name}.mp4`)))
  const renditions = files.flatMap((file) => (file === null ? [] : [file]))
  if (renditions.length < video.renditions.length) return null
  return { renditions, tilesKey: video.storyboardBranch ? `${key}/tiles` : null }
}

const checkRenditions = async (context: ToolContext, video: VideoEncode, outputs: readonly string[]): Promise<void> => {
  const counts = new Set<number | null>()
  const files = await allEnded(outputs.map((output) => probeOutput(context, output)))
  for (const [index, { streams }] of files.entries()) {
    const name = video.renditions[index]?.name ?? outputs[index]
    const made = streams.find((stream) => stream.type === 'video')
    if (!made?.frames) throw new SluiceError('OutputInvalid', `The rendition ${name} has no pictures.`)
    checkDuration(`The rendition ${name}`, made.durationMs, video.expectedMs)
    counts.add(made.frames)
  }
  // They come from one decode: a player could not switch between renditions of different length.
  if (counts.size > 1) throw new SluiceError('OutputInvalid', 'The renditions differ in their number of pictures.')
}

const checkTiles = async (video: VideoEncode, tilesDir: string): Promise<void> => {
  const expected = video.storyboardBranch?.tiles ?? 0
  const made = (await readdir(tilesDir)).length
  if (made !== expected) {
    throw new SluiceError('OutputInvalid', `The storyboard has ${made} instead of ${expected} tiles.`)
  }
}
