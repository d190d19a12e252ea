import { createHash } from 'node:crypto'
import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import type { Media } from '../../contract/media.ts'

const run = promisify(execFile)

export interface Expected {
  seconds: number
  /** Null: no picture. */
  frames: number | null
}

export interface CheckTools {
  ffmpeg: string
  ffprobe: string
}

/** Encoders of sound add at most two packets of 1,024 samples before and after. */
const SOUND_TOLERANCE_S = 0.1

/** Everything that is wrong with a media in the library: sizes, checksums, streams, frames, decoding; empty where all is right. */
export const checkMedia = async (
  tools: CheckTools,
  libraryDir: string,
  media: Media,
  expected: Expected,
): Promise<string[]> => {
  const folder = join(libraryDir, folderOf(media))
  const pathOf = (path: string, role: string): string =>
    role === 'main' ? join(libraryDir, media.libraryPath) : join(folder, path)
  const wrong: string[] = []
  for (const { path, role, sizeBytes, sha256 } of media.files) {
    const bytes = await readFile(pathOf(path, role)).catch(() => null)
    if (bytes === null) wrong.push(`${pathOf(path, role)} is missing`)
    else if (bytes.length !== sizeBytes) wrong.push(`${path} has ${bytes.length} bytes instead of ${sizeBytes}`)
    else if (sha256 !== null && createHash('sha256').update(bytes).digest('hex') !== sha256) {
      wrong.push(`${path} is not what its checksum says`)
    }
  }
  if (wrong.length > 0) return wrong
  wrong.push(...(await checkManifest(folder, media)))
  for (const { path, role } of media.files) {
    if (role === 'main' || role === 'source') wrong.push(...(await checkStreams(tools, pathOf(path, role), expected)))
    if (role === 'hls') wrong.push(...(await checkPlaylist(tools, pathOf(path, role), expected)))
    if (role === 'dash') wrong.push(...(await decodes(tools, pathOf(path, role))))
  }
  return wrong
}

/** The folder beside a main file has its name, less the extension; a stream lies within it. */
const folderOf = ({ files, libraryPath }: Media): string => {
  if (files.some(({ role }) => role === 'main')) return libraryPath.replace(/\.[^.]+$/, '')
  const master = files.find(({ path }) => libraryPath.endsWith(`/${path}`))
  return libraryPath.slice(0, -1 - (master?.path.length ?? 0))
}

const checkManifest = async (folder: string, media: Media): Promise<string[]> => {
  interface Manifest {
    mediaId: string
    files: { path: string; sha256: string }[]
  }
  const manifest = JSON.parse(await readFile(join(folder, 'manifest.json'), 'utf8')) as Manifest
  if (manifest.mediaId !== media.id) return [`the manifest is that of ${manifest.mediaId}`]
  const sums = new Map(media.files.map(({ path, sha256 }) => [path, sha256]))
  return manifest.files
    .filter(({ path, sha256 }) => sums.get(path) !== sha256)
    .map(({ path }) => `the manifest has another checksum of ${path}`)
}

/** A master playlist names one of its own for each size; all have every picture of the source. */
const checkPlaylist = async (tools: CheckTools, path: string, expected: Expected): Promise<string[]> => {
  const lines = (await readFile(path, 'utf8')).split('\n').filter((line) => line !== '' && !line.startsWith('#'))
  const variants = lines.filter((line) => line.endsWith('.m3u8'))
  if (variants.length === 0) return [...(await decodes(tools, path))]
  const wrong: string[] = []
  for (const variant of new Set(variants)) {
    const playlist = join(dirname(path), variant)
    const { frames } = await countFrames(tools, playlist)
    if (expected.frames !== null && frames !== expected.frames) {
      wrong.push(`${variant} has ${frames} instead of ${expected.frames} pictures`)
    }
    wrong.push(...(await decodes(tools, playlist)))
  }
  return wrong
}

const checkStreams = async (tools: CheckTools, path: string, expected: Expected): Promise<string[]> => {
  const wrong = await decodes(tools, path)
  const { frames, soundSeconds } = await countFrames(tools, path)
  // The preset for sound has no picture.
  if (frames !== null && expected.frames !== null && frames !== expected.frames) {
    wrong.push(`${path} has ${frames} instead of ${expected.frames} pictures`)
  }
  if (soundSeconds !== null && Math.abs(soundSeconds - expected.seconds) > SOUND_TOLERANCE_S) {
    wrong.push(`${path} has ${soundSeconds} s instead of ${expected.seconds} s of sound`)
  }
  if (frames === null && soundSeconds === null) wrong.push(`${path} has no streams`)
  return wrong
}

const HLS = ['-allowed_extensions', 'ALL']
const inputOf = (path: string): string[] => [...(path.endsWith('.m3u8') ? HLS : []), '-i', path]

/** Whatever the decoder complains of. */
const decodes = async ({ ffmpeg }: CheckTools, path: string): Promise<string[]> => {
  const args = ['-nostdin', '-v', 'error', '-xerror', ...inputOf(path), '-map', '0', '-map', '-0:s?', '-f', 'null', '-']
  try {
    const { stderr } = await run(ffmpeg, args)
    return stderr.trim() === '' ? [] : [`${path} decodes with "${stderr.trim().slice(0, 300)}"`]
  } catch (error) {
    return [`${path} does not decode: ${String(error).slice(-300)}`]
  }
}

const countFrames = async (
  { ffprobe }: CheckTools,
  path: string,
): Promise<{ frames: number | null; soundSeconds: number | null }> => {
  const entries = 'stream=codec_type,nb_read_frames,nb_read_packets,duration,sample_rate:format=duration'
  const args = ['-v', 'error', '-count_frames', '-show_entries', entries, '-of', 'json', ...inputOf(path)]
  const { stdout } = await run(ffprobe, args)
  const answer = JSON.parse(stdout) as {
    streams: { codec_type: string; nb_read_frames?: string; duration?: string }[]
    format: { duration?: string }
  }
  const picture = answer.streams.find(({ codec_type }) => codec_type === 'video')
  const sound = answer.streams.find(({ codec_type }) => codec_type === 'audio')
  return {
    frames: picture ? Number(picture.nb_read_frames) : null,
    soundSeconds: sound ? Number(sound.duration ?? answer.format.duration) : null,
  }
}
