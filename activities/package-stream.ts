import { mkdir, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { SluiceError } from '../contract/failures.ts'
import type { FileRole } from '../contract/media.ts'
import type { SoundPlan } from '../contract/plan.ts'
import { filesIn } from '../storage/files-in.ts'
import { clockOf } from '../tools/ffmpeg-input.ts'
import { plannedLanguage } from '../tools/ffmpeg-language.ts'
import { isCopied, muxArgs } from '../tools/ffmpeg-mux.ts'
import { rungArgs } from '../tools/ffmpeg-rung.ts'
import { runFfmpeg } from '../tools/ffmpeg.ts'
import { probeOutput } from '../tools/ffprobe-output.ts'
import { DASH_MANIFEST, HLS_MASTER, isSound, type PackagerSound, type PackagerStream } from '../tools/packager-args.ts'
import { packageStreams } from '../tools/packager.ts'
import { contentTypeOf } from './content-type.ts'
import type { Packaging } from './packaging.ts'
import type { MadeProduct } from './products.ts'
import { checkAligned } from './rungs-aligned.ts'
import { copiedRungOf, rungsOf } from './rungs.ts'

const OUTPUT = 'stream'

/** Segments, playlists and manifests, all below `stream/`; each rendition and each sound track in a folder of its own. */
export const packageStream = async (packaging: Packaging): Promise<MadeProduct[]> => {
  const { context, dir, plan } = packaging
  const streams = [
    ...(await copiedInput(packaging)),
    ...(await videoInputs(packaging)),
    ...(await soundInputs(packaging)),
  ]
  await mkdir(join(dir, OUTPUT))
  await packageStreams(context, streams, `package/${OUTPUT}`)
  const files = (await filesIn(join(dir, OUTPUT))).map((file) => `${OUTPUT}/${file}`).toSorted()
  for (const required of [HLS_MASTER, DASH_MANIFEST, ...streams.map(({ name }) => `${name}/index.m3u8`)]) {
    if (!files.includes(`${OUTPUT}/${required}`))
      throw new SluiceError('OutputInvalid', `The stream lacks ${required}.`)
  }
  const rungs = rungsOf(plan.video)
  await checkAligned(
    join(dir, OUTPUT),
    rungs.map(({ name }) => name),
  )
  const [top] = rungs
  const sounds = streams.filter(isSound).map(({ name }) => name)
  return files.map((file) => describe(file, { top, sounds }))
}

/** The packager reads by short names in its own folder; scratch and storage may be anywhere. */
const videoInputs = ({ context, plan, videoPaths }: Packaging): Promise<PackagerStream[]> => {
  const renditions = plan.video.mode === 'encode' ? plan.video.renditions : []
  return Promise.all(
    renditions.map(async ({ name }, index): Promise<PackagerStream> => {
      const path = videoPaths[index]
      if (path === undefined) throw new SluiceError('Internal', `The rendition ${name} was not handed on.`)
      await symlink(path, join(context.cwd, `${name}.mp4`))
      return { kind: 'video', name, input: `${name}.mp4` }
    }),
  )
}

/** The source's own picture, where the plan has it as the largest size. */
const copiedInput = async ({ context, plan, sourcePath, run }: Packaging): Promise<PackagerStream[]> => {
  const { video } = plan
  const rung = copiedRungOf(video)
  if (video.mode === 'none' || !rung) return []
  const input = `${rung.name}.mp4`
  const output = join(context.cwd, input)
  const args = rungArgs({ source: sourcePath, streamIndex: video.streamIndex, rung, output })
  await runFfmpeg(context, { args, totalMs: plan.durationMs, onProgress: (progress) => run.report(progress) })
  const [made] = (await probeOutput(context, output)).streams
  // ffmpeg leaves out what it cannot take along, and ends well.
  if (made?.frames !== rung.frames) throw new SluiceError('OutputInvalid', 'Pictures were lost while copying.')
  return [{ kind: 'video', name: rung.name, input }]
}

const soundInputs = async (packaging: Packaging): Promise<PackagerStream[]> => {
  const inputs: PackagerStream[] = []
  for (const [index, sound] of packaging.plan.sounds.entries()) {
    const path = packaging.soundPaths[index] ?? null
    inputs.push(await soundInput(packaging, sound, path))
  }
  return inputs
}

/** A track in a file of its own: that of its encode, or one into which the source's own is copied. */
const soundInput = async (packaging: Packaging, sound: SoundPlan, encoded: string | null): Promise<PackagerSound> => {
  const { context, plan, sourcePath, run } = packaging
  const { name, label, role, streamIndex } = sound
  const input = `${name}.m4a`
  if (isCopied(sound, encoded)) {
    const streams = [{ path: sourcePath, streamIndex, language: plannedLanguage(plan, streamIndex) }]
    const clock = { path: sourcePath, ...clockOf(plan) }
    const args = muxArgs({ streams, output: join(context.cwd, input), extension: 'm4a', title: null, clock })
    await runFfmpeg(context, { args, totalMs: plan.durationMs, onProgress: (progress) => run.report(progress) })
  } else {
    if (encoded === null) throw new SluiceError('Internal', 'The encoded sound was not handed on.')
    await symlink(encoded, join(context.cwd, input))
  }
  return { kind: 'audio', name, input, label, role }
}

interface Described {
  /** The largest size. */
  top: { width: number; height: number } | undefined
  /** Folders of sound. */
  sounds: readonly string[]
}

const describe = (file: string, { top, sounds }: Described): MadeProduct => {
  const isMaster = file === `${OUTPUT}/${HLS_MASTER}` || file === `${OUTPUT}/${DASH_MANIFEST}`
  const size = isMaster && top ? { width: top.width, height: top.height } : { width: null, height: null }
  return { file, path: file, role: roleOf(file), contentType: typeOf(file, sounds), ...size }
}

const roleOf = (file: string): FileRole => {
  if (file === `${OUTPUT}/${HLS_MASTER}`) return 'hls'
  return file === `${OUTPUT}/${DASH_MANIFEST}` ? 'dash' : 'segment'
}

/** Segments of CMAF carry the type of what is in them (ISO/IEC 23000-19). */
const typeOf = (file: string, sounds: readonly string[]): string => {
  if (!/\.(m4s|mp4)$/.test(file)) return contentTypeOf(file)
  return sounds.some((name) => file.startsWith(`${OUTPUT}/${name}/`)) ? 'audio/mp4' : 'video/mp4'
}
