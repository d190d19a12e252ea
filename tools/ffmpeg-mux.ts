import type { Excerpt, MediaPlan } from '../contract/plan.ts'
import { clockArgs, inputArgs, QUIET_ARGS } from './ffmpeg-input.ts'
import { languageArgs, plannedLanguage } from './ffmpeg-language.ts'
import { PROGRESS_ARGS } from './ffmpeg-progress.ts'
import { frameTimesArgs, type FrameTimes } from './frame-times.ts'

/** One stream to take, and from which file. */
export interface MuxStream {
  path: string
  streamIndex: number
  /** As ISO 639-2; left out or null where nobody knows it. */
  language?: string | null
  /** By which it begins after the others; left out for 0. All streams of a file have the same. */
  delayMs?: number
  /** The part of it that is taken; left out or null for all. All streams of a file have the same. */
  excerpt?: Excerpt | null
  /** Of a picture that was encoded at a variable rate; left out for all else. */
  frames?: FrameTimes
}

export interface MuxJob {
  streams: readonly MuxStream[]
  output: string
  /** ffmpeg's muxers by extension: `mp4`, `m4a`, `mp3`, `opus`, `mkv`. */
  extension: string
  title: string | null
  /** Of the source, that are read together; left out where its clock is steady. */
  clock?: { path: string; streams: readonly number[] }
}

/** The streams of the finished file: encoded ones from their own files, copied ones from the source. */
export const mainStreams = (
  plan: Pick<MediaPlan, 'video' | 'audio' | 'alsoCopy' | 'languages' | 'excerpt'>,
  files: { source: string; video: string | null; audio: string | null },
): MuxStream[] => {
  const { excerpt } = plan
  const pick = (part: MediaPlan['video'] | MediaPlan['audio'], encoded: string | null): MuxStream[] => {
    if (part.mode === 'none') return []
    const language = plannedLanguage(plan, part.streamIndex)
    const delayMs = part === plan.video ? pictureDelay(plan, files.audio) : 0
    if (part.mode === 'copy' || staysCopy(part, encoded))
      return [{ path: files.source, streamIndex: part.streamIndex, language, excerpt }]
    if (encoded === null) return []
    const frames = part === plan.video ? encodedFrames(plan.video, delayMs) : {}
    return [{ path: encoded, streamIndex: 0, language, delayMs, ...frames }]
  }
  const further = plan.alsoCopy.map((streamIndex) => {
    return { path: files.source, streamIndex, language: plannedLanguage(plan, streamIndex), excerpt }
  })
  return [...pick(plan.video, files.video), ...pick(plan.audio, files.audio), ...further]
}

/** Where they last differently long. */
const encodedFrames = (video: MediaPlan['video'], delayMs: number): Pick<MuxStream, 'frames'> => {
  if (video.mode !== 'encode' || video.frameRate !== null) return {}
  const { encoder, expectedMs, originMs, excerpt } = video
  // What is expected of an excerpt counts from its start.
  const zeroMs = excerpt ? 0 : originMs
  const endMs = expectedMs === null || zeroMs === null ? null : expectedMs - zeroMs + delayMs
  return { frames: { inOrder: encoder.codec !== 'h264', endMs } }
}

/** Encoded sound has the same origin as the picture; copied sound has that of the source. */
const pictureDelay = ({ video, audio }: Pick<MediaPlan, 'video' | 'audio'>, encoded: string | null): number =>
  video.mode === 'encode' && (audio.mode === 'copy' || staysCopy(audio, encoded)) ? (video.originMs ?? 0) : 0

/** Whether sound was to be encoded only if its loudness had to be changed, and that did not have to be. */
export const staysCopy = (part: MediaPlan['video'] | MediaPlan['audio'], encoded: string | null): boolean =>
  encoded === null && part.mode === 'encode' && 'loudness' in part && (part.loudness?.copyWithinLu ?? null) !== null

/** Joins streams in one file without encoding; the index of an MP4 in front, so that it plays before it is loaded. */
export const muxArgs = ({ streams, output, extension, title, clock }: MuxJob): string[] => {
  const inputs = [...new Set(streams.map((stream) => stream.path))]
  const maps = streams.flatMap(({ path, streamIndex }) => ['-map', `${inputs.indexOf(path)}:${streamIndex}`])
  const tags = ['-map_metadata', '-1', '-map_chapters', '-1', ...(title === null ? [] : ['-metadata', titleTag(title)])]
  return [
    ...QUIET_ARGS,
    ...PROGRESS_ARGS,
    ...inputs.flatMap((path) => [...delayArgs(path, streams), ...excerptArgs(path, streams), ...inputArgs(path)]),
    ...maps,
    ...streams.flatMap(({ excerpt }, index) => (excerpt ? [`-copypriorss:${index}`, '0'] : [])),
    '-c',
    'copy',
    ...tags,
    ...streams.flatMap(({ language = null }, index) => languageArgs(tagged(extension, index), language)),
    ...streams.flatMap(({ frames }, index) => (frames ? frameTimesArgs(index, frames, extension) : [])),
    ...containerArgs(extension),
    output,
    ...(clock && inputs.includes(clock.path) ? clockArgs(clock.streams, inputs.indexOf(clock.path)) : []),
  ]
}

const delayArgs = (path: string, streams: readonly MuxStream[]): string[] => {
  const delayMs = streams.find((stream) => stream.path === path)?.delayMs ?? 0
  return delayMs === 0 ? [] : ['-itsoffset', `${delayMs / 1_000}`]
}

/** A hair before the first keyframe that is wanted, as times are rounded; what ffmpeg finds before that is left out. */
const EARLIER_MS = 1

/** Of a copied picture the start is a keyframe. */
const excerptArgs = (path: string, streams: readonly MuxStream[]): string[] => {
  const excerpt = streams.find((stream) => stream.path === path)?.excerpt
  if (!excerpt) return []
  const length = excerpt.endMs === null ? [] : ['-t', `${(excerpt.endMs - excerpt.startMs) / 1_000}`]
  return ['-ss', `${Math.max(0, excerpt.startMs - EARLIER_MS) / 1_000}`, ...length]
}

/** ID3 knows tags of the whole file only. */
const tagged = (extension: string, index: number): string => (extension === 'mp3' ? 'g' : `s:${index}`)

/** An argument ends at a NUL. */
const titleTag = (title: string): string => `title=${title.replaceAll('\0', '')}`

const containerArgs = (extension: string): string[] => {
  if (extension === 'mp4' || extension === 'm4a') return ['-f', 'mp4', '-movflags', '+faststart']
  // The index in front here, too: a player over HTTP need not ask for the end first.
  if (extension === 'webm') return ['-f', 'webm', '-cues_to_front', '1']
  if (extension === 'mkv' || extension === 'mka') return ['-f', 'matroska', '-cues_to_front', '1']
  // Version 2.3 of ID3 is what car radios and Windows read.
  if (extension === 'mp3') return ['-id3v2_version', '3']
  return []
}
