import { execFile } from 'node:child_process'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { decidePlan } from '../activities/plan-media.ts'
import type { ToolPaths } from '../config.ts'
import type { MediaPlan, VideoEncode } from '../contract/plan.ts'
import { encodeArgs } from '../tools/ffmpeg-encode.ts'
import { storyboardTiles } from '../tools/ffmpeg-filters.ts'
import { sheetsFromSourceArgs, sheetsFromTilesArgs } from '../tools/ffmpeg-frames.ts'
import { muxArgs } from '../tools/ffmpeg-mux.ts'
import { probeFile, scanPackets } from '../tools/ffprobe.ts'
import { mainVideo, possibleRates, sourceFacts } from '../tools/ffprobe-facts.ts'
import { mainAudio } from '../tools/ffprobe-sounds.ts'
import { readMp4Layout } from '../tools/mp4-boxes.ts'
import { packagerArgs, type PackagerStream } from '../tools/packager-args.ts'
import { storyboardVtt } from '../tools/storyboard-vtt.ts'

const exec = promisify(execFile)

/** A source, and what Sluice would make of it: the scripts make the same with the same settings. */
export interface ScriptJob {
  tools: ToolPaths
  source: string
  plan: MediaPlan
  video: VideoEncode
}

export const planScript = async (tools: ToolPaths, source: string, dir: string): Promise<ScriptJob> => {
  const context = { paths: tools, cwd: dir }
  const { answer } = await probeFile(context, source)
  const stream = mainVideo(answer)
  if (!stream) throw new Error('the clip has no picture')
  const heard = mainAudio(answer)
  const picture = { streamIndex: stream.index, rates: possibleRates(stream) }
  const streams = [picture, ...(heard ? [{ streamIndex: heard.index, rates: [] }] : [])]
  const { scans } = await scanPackets(context, { path: source, streams })
  const [videoScan = null, soundScan] = scans
  const sounds = heard && soundScan ? [{ stream: heard, scan: soundScan }] : []
  const layout = await readMp4Layout(source)
  const measured = { answer, identity: '', sizeBytes: 0, layout, videoScan, sounds, interlaced: false }
  // In one piece, as scripts do.
  const chunkMs = Number.MAX_SAFE_INTEGER
  const plan = decidePlan({ facts: sourceFacts(measured), preset: 'stream', options: {}, ffmpegBuild: '', chunkMs })
  if (plan.video.mode !== 'encode') throw new Error('the clip is not encoded')
  return { tools, source, plan, video: plan.video }
}

const WHOLE = { from: 0, length: null }
const fileOf = (path: string) => ({ path, isCopy: false, clock: { streams: [] } })
const SHEETS = 'storyboard-%03d.jpg'

/** One ffmpeg for each output, as a script grows: every one decodes the source anew. */
export const runPerOutput = async (job: ScriptJob, dir: string): Promise<void> => {
  const { tools, source, plan, video } = job
  await probe(job)
  for (const rendition of video.renditions) {
    const one = { ...video, renditions: [rendition], storyboardBranch: null }
    const outputs = [join(dir, `${rendition.name}.mp4`)]
    await exec(tools.ffmpeg, encodeArgs({ video: one, chunk: WHOLE, source: fileOf(source), outputs, tilesDir: null }))
  }
  const { storyboard } = plan.thumbnails
  if (storyboard) {
    const sheet = [...storyboardTiles(video.colour, storyboard), `tile=${storyboard.columns}x${storyboard.rows}`]
    const jpeg = ['-fps_mode', 'passthrough', '-q:v', '4', join(dir, SHEETS)]
    await exec(tools.ffmpeg, ['-v', 'error', '-y', '-i', source, '-map', '0:v', '-vf', sheet.join(','), ...jpeg])
    await writeFile(join(dir, 'storyboard.vtt'), storyboardVtt(storyboard, plan.durationMs ?? 0))
  }
  for (const output of posterOutputs(plan)) await exec(tools.ffmpeg, [...posterInput(job), ...output.map(within(dir))])
  await packageAll(job, dir)
}

/** What somebody who knows ffmpeg well would write: one decode for everything, one seek for the posters. */
export const runOnePass = async (job: ScriptJob, dir: string): Promise<void> => {
  const { tools, source, plan, video } = job
  await probe(job)
  const tilesDir = join(dir, 'tiles')
  await mkdir(tilesDir)
  const outputs = video.renditions.map((rendition) => join(dir, `${rendition.name}.mp4`))
  await exec(tools.ffmpeg, encodeArgs({ video, chunk: WHOLE, source: fileOf(source), outputs, tilesDir }))
  const { storyboard } = plan.thumbnails
  if (storyboard) {
    const sheets = { storyboard, pattern: join(dir, SHEETS) }
    const keyframes = { path: source, streamIndex: video.streamIndex, colour: video.colour, excerpt: null }
    const fromTiles = video.storyboardBranch !== null
    const args = fromTiles
      ? sheetsFromTilesArgs(tilesDir, sheets)
      : sheetsFromSourceArgs(keyframes, 'keyframes', sheets)
    await exec(tools.ffmpeg, args)
    await writeFile(join(dir, 'storyboard.vtt'), storyboardVtt(storyboard, plan.durationMs ?? 0))
  }
  await exec(tools.ffmpeg, [...posterInput(job), ...posterOutputs(plan).flatMap((output) => output.map(within(dir)))])
  await packageAll(job, dir)
}

/** The downloader as the engine calls it: once to ask, once to fetch. Returns the file. */
export const runDownloader = async (tools: ToolPaths, url: string, dir: string): Promise<string> => {
  const common = ['--ignore-config', '--no-playlist', '--no-warnings']
  const { stdout } = await exec(tools.ytdlp, [...common, '-J', '--', url], { maxBuffer: 64 * 1024 * 1024 })
  const info = join(dir, 'info.json')
  await writeFile(info, stdout)
  const output = join(dir, 'source.mp4')
  await exec(tools.ytdlp, [...common, '--load-info-json', info, '-o', output])
  return output
}

const probe = ({ tools, source }: ScriptJob) =>
  exec(tools.ffprobe, ['-show_format', '-show_streams', '-of', 'json', source])

const within =
  (dir: string) =>
  (argument: string): string =>
    argument.startsWith('poster-') ? join(dir, argument) : argument

const posterInput = ({ source, plan }: ScriptJob): string[] => {
  const atS = ((plan.durationMs ?? 0) / 1_000) * 0.2
  return ['-v', 'error', '-y', '-ss', atS.toFixed(3), '-i', source]
}

const posterOutputs = ({ thumbnails }: MediaPlan): string[][] =>
  thumbnails.posterWidths.flatMap((width) =>
    ['jpg', 'webp'].map((extension) => ['-frames:v', '1', '-vf', `scale=${width}:-2`, `poster-${width}.${extension}`]),
  )

const packageAll = async ({ tools, source, plan, video }: ScriptJob, dir: string): Promise<void> => {
  const streams: PackagerStream[] = video.renditions.map(({ name }) => ({ kind: 'video', name, input: `${name}.mp4` }))
  const [heard] = plan.sounds
  if (heard?.mode === 'copy') {
    const sound = { streams: [{ path: source, streamIndex: heard.streamIndex }], extension: 'm4a', title: null }
    await exec(tools.ffmpeg, muxArgs({ ...sound, output: join(dir, 'audio.m4a') }))
    streams.push({ kind: 'audio', name: 'audio', input: 'audio.m4a', label: heard.label, role: heard.role })
  }
  await exec(tools.packager, packagerArgs(streams, 'stream'), { cwd: dir })
}
