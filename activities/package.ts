import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { SluiceError } from '../contract/failures.ts'
import type { PackageInput, ProductFile, Products } from '../contract/steps.ts'
import { linkOrCopy } from '../storage/link-or-copy.ts'
import { clockOf } from '../tools/ffmpeg-input.ts'
import { mainStreams, muxArgs } from '../tools/ffmpeg-mux.ts'
import { runFfmpeg } from '../tools/ffmpeg.ts'
import { checkDuration, probeOutput, type MadeStream } from '../tools/ffprobe-output.ts'
import { dropWrongRate, statesFrameRate } from '../tools/matroska-rate.ts'
import { readMp4Layout } from '../tools/mp4-boxes.ts'
import { joinFragments } from '../tools/mp4-fragments.ts'
import { contentTypeOf, extensionOf } from './content-type.ts'
import { packageStream } from './package-stream.ts'
import type { Packaging } from './packaging.ts'
import { commitProducts, findProducts, type MadeProduct } from './products.ts'
import { runStep, type StepDeps, type StepRun } from './step.ts'
import { toolContext } from './tool-context.ts'

/** A busy disk of spinning plates. */
const SLOWEST_BYTES_PER_S = 20_000_000

/** Makes what is delivered: one file that plays before it is loaded, or HLS and DASH over the same segments. */
export const createPackageMedia =
  (deps: StepDeps) =>
  (input: PackageInput): Promise<Products> =>
    runStep(deps, input.ref, async (run) => {
      const key = `${input.ref.jobId}/${input.plan.hash}/package`
      const finished = await findProducts(deps, key)
      if (finished) return finished

      const dir = join(run.scratchDir, 'package')
      await mkdir(dir)
      const packaging: Packaging = {
        ...input,
        run,
        context: toolContext(deps, run),
        dir,
        sourcePath: await deps.store.read(input.file.key),
        videoPaths: await joinChunks(deps, run, input),
        soundPaths: await Promise.all(input.sounds.map(async (sound) => sound && (await deps.store.read(sound.key)))),
      }
      const made = input.plan.delivery === 'stream' ? await packageStream(packaging) : [await packageFile(packaging)]
      const kept = await keepSource(packaging)
      const { files } = await commitProducts(deps, { dir, key, made: [...made, ...kept] })
      return { files: [...files, ...(await probeAnswer(deps, input.ref.jobId))] }
    })

/** A file for each rendition: that of the only chunk, or all of them joined. */
const joinChunks = async (deps: StepDeps, run: StepRun, { plan, chunks }: PackageInput): Promise<string[]> => {
  if (plan.video.mode !== 'encode') return []
  const dirs = await Promise.all(chunks.map(({ key }) => deps.store.read(key)))
  const joinedDir = join(run.scratchDir, 'joined')
  await mkdir(joinedDir)
  const variable = plan.video.frameRate === null
  const joined: string[] = []
  for (const { name } of plan.video.renditions) {
    const [only, ...others] = dirs.map((dir) => join(dir, `${name}.mp4`))
    if (only === undefined) throw new SluiceError('Internal', 'The encoded picture was not handed on.')
    const path = others.length === 0 ? only : join(joinedDir, `${name}.mp4`)
    if (path !== only) await joinFragments({ paths: [only, ...others], output: path, variable })
    joined.push(path)
  }
  return joined
}

const packageFile = async (packaging: Packaging): Promise<MadeProduct> => {
  const { plan, dir, sourcePath } = packaging
  const file = `main.${plan.extension}`
  if (plan.passSource) await linkOrCopy(sourcePath, join(dir, file))
  else await mux(packaging, join(dir, file))
  const streams = plan.passSource ? [] : await checkFile(packaging, join(dir, file))
  const picture = streams.find((stream) => stream.type === 'video')
  const size = { width: picture?.width ?? null, height: picture?.height ?? null }
  return { file, path: file, role: 'main', contentType: contentTypeOf(file), ...size }
}

const mux = async (packaging: Packaging, output: string): Promise<void> => {
  const { plan, run, title } = packaging
  // At the end the whole file is moved to make room for the index in front, without a word.
  const movedMs = (packaging.file.sizeBytes / SLOWEST_BYTES_PER_S) * 1_000
  const context = { ...packaging.context, stallMs: (packaging.context.stallMs ?? 0) + movedMs }
  const [video = null] = packaging.videoPaths
  const streams = mainStreams(plan, { source: packaging.sourcePath, video, sounds: packaging.soundPaths })
  const clock = { path: packaging.sourcePath, ...clockOf(plan) }
  const args = muxArgs({ streams, output, extension: plan.extension, title, clock })
  await runFfmpeg(context, { args, totalMs: plan.durationMs, onProgress: (progress) => run.report(progress) })
  if (plan.video.mode !== 'none' && statesFrameRate(plan.extension)) await dropWrongRate(output, plan.video.frameRate)
}

/** Reads the file again: the streams that were planned are there, in full length, and the index in front. */
const checkFile = async ({ plan, context }: Packaging, path: string): Promise<MadeStream[]> => {
  const made = await probeOutput(context, path)
  const planned = { video: plan.video.mode === 'none' ? 0 : 1, audio: plan.sounds.length }
  for (const type of ['video', 'audio'] as const) {
    const found = made.streams.filter((stream) => stream.type === type).length
    if (found < planned[type]) throw new SluiceError('OutputInvalid', `The finished file lacks a stream of ${type}.`)
  }
  checkDuration('The finished file', made.durationMs, longestOf(plan, made.durationMs))
  const layout = await readMp4Layout(path)
  if (layout && !layout.indexFirst)
    throw new SluiceError('OutputInvalid', 'The index of the finished file is not in front.')
  return made.streams
}

/** One sound may go on behind the others; nobody knows how long what is merely taken along lasts. */
const longestOf = ({ durationMs, sounds, alsoCopy }: Packaging['plan'], madeMs: number | null): number | null => {
  if (durationMs === null) return null
  const longest = Math.max(durationMs, ...sounds.map(({ expectedMs }) => expectedMs ?? 0))
  return alsoCopy.length === 0 ? longest : Math.max(longest, madeMs ?? 0)
}

const keepSource = async ({ plan, dir, sourcePath, file }: Packaging): Promise<MadeProduct[]> => {
  if (!plan.keepSource || plan.passSource) return []
  const name = `source.${extensionOf(file.key) || 'bin'}`
  await linkOrCopy(sourcePath, join(dir, name))
  return [{ file: name, path: name, role: 'source', contentType: contentTypeOf(name), width: null, height: null }]
}

/** ffprobe's full answer, from the probe step, goes along with what was made. */
const probeAnswer = async ({ store }: StepDeps, jobId: string): Promise<ProductFile[]> => {
  const stored = await store.find(`${jobId}/probe.json`)
  if (!stored) return []
  return [
    {
      ...stored,
      path: 'probe.json',
      role: 'probe',
      contentType: contentTypeOf('probe.json'),
      width: null,
      height: null,
    },
  ]
}
