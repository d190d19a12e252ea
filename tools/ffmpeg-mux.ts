import type { Excerpt, MediaPlan, SoundPlan, VideoEncode } from '../contract/plan.ts'
import type { SoundRole } from '../contract/source-facts.ts'
import { clockArgs, inputArgs, QUIET_ARGS, type SourceClock } from './ffmpeg-input.ts'
import { languageArgs, plannedLanguage } from './ffmpeg-language.ts'
import { PROGRESS_ARGS } from './ffmpeg-progress.ts'
import { frameTimesArgs, type FrameTimes } from './frame-times.ts'

/** One stream to take, and from which file. */
export interface MuxStream {
  path: string
  streamIndex: number
  /** As ISO 639-2; left out or null where nobody knows it. */
  language?: string | null
  /** As its maker calls it; left out or null where it has no name, and where the container has no room for one. */
  title?: string | null
  /** What it is, in ffmpeg's words; left out for what the source says. */
  disposition?: string
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
  /** Of the source. */
  clock?: SourceClock & { path: string }
}

type MuxedPlan = Pick<MediaPlan, 'video' | 'sounds' | 'alsoCopy' | 'languages' | 'titles' | 'excerpt' | 'extension'>

interface MuxedFiles {
  source: string
  video: string | null
  /** Of each of the plan's sounds; null where none was made. */
  sounds: readonly (string | null)[]
}

/** The streams of the finished file: encoded ones from their own files, copied ones from the source. */
export const mainStreams = (plan: MuxedPlan, files: MuxedFiles): MuxStream[] => {
  const { video, excerpt } = plan
  const delayMs = encodesDelay(plan, files)
  const words = (streamIndex: number) => {
    const title = isMatroska(plan.extension) ? (plan.titles?.[streamIndex] ?? null) : null
    return { language: plannedLanguage(plan, streamIndex), title }
  }
  const copied = (streamIndex: number): MuxStream => {
    return { path: files.source, streamIndex, ...words(streamIndex), excerpt }
  }
  const picture = (): MuxStream[] => {
    if (video.mode === 'none') return []
    if (video.mode === 'copy') return [copied(video.streamIndex)]
    if (files.video === null) return []
    const frames = encodedFrames(video, delayMs)
    return [{ path: files.video, streamIndex: 0, ...words(video.streamIndex), delayMs, ...frames }]
  }
  const sounds = plan.sounds.flatMap((sound, index): MuxStream[] => {
    const encoded = files.sounds[index] ?? null
    const disposition = dispositionOf(plan, sound)
    if (isCopied(sound, encoded)) return [{ ...copied(sound.streamIndex), ...disposition }]
    return encoded === null
      ? []
      : [{ path: encoded, streamIndex: 0, ...words(sound.streamIndex), delayMs, ...disposition }]
  })
  return [...picture(), ...sounds, ...plan.alsoCopy.map(copied)]
}

const isMatroska = (extension: string): boolean => extension === 'mkv' || extension === 'mka'

const DISPOSITIONS: Readonly<Record<SoundRole, string>> = {
  commentary: 'comment',
  description: 'visual_impaired',
  clear: 'hearing_impaired',
  dub: 'dub',
}

/** Encoded tracks know nothing of what the source's were, and one of several is to be played first. */
const dispositionOf = ({ sounds, extension }: MuxedPlan, sound: SoundPlan): Pick<MuxStream, 'disposition'> => {
  if (!isMatroska(extension) || !sounds.some(({ mode }) => mode === 'encode')) return {}
  const said = [...(sound === sounds[0] ? ['default'] : []), ...(sound.role ? [DISPOSITIONS[sound.role]] : [])]
  return { disposition: said.join('+') || '0' }
}

/** Where they last differently long. */
const encodedFrames = (video: VideoEncode, delayMs: number): Pick<MuxStream, 'frames'> => {
  if (video.frameRate !== null) return {}
  const { encoder, expectedMs, originMs, excerpt } = video
  // What is expected of an excerpt counts from its start.
  const zeroMs = excerpt ? 0 : originMs
  const endMs = expectedMs === null || zeroMs === null ? null : expectedMs - zeroMs + delayMs
  return { frames: { inOrder: encoder.codec !== 'h264', endMs } }
}

/** What is encoded has the origin of the picture; what is copied has that of the source. */
const encodesDelay = ({ video, sounds }: MuxedPlan, files: MuxedFiles): number => {
  const someCopied = sounds.some((sound, index) => isCopied(sound, files.sounds[index] ?? null))
  return video.mode === 'encode' && someCopied ? (video.originMs ?? 0) : 0
}

/** Whether the source's own sound is taken: also where it was to be encoded only if its loudness had to be changed, and that did not have to be. */
export const isCopied = (sound: SoundPlan, encoded: string | null): boolean =>
  sound.mode === 'copy' || (encoded === null && (sound.loudness?.copyWithinLu ?? null) !== null)

/** Joins streams in one file without encoding; the index of an MP4 in front, so that it plays before it is loaded. */
export const muxArgs = ({ streams, output, extension, title, clock }: MuxJob): string[] => {
  const inputs = [...new Set(streams.map((stream) => stream.path))]
  const maps = streams.flatMap(({ path, streamIndex }) => ['-map', `${inputs.indexOf(path)}:${streamIndex}`])
  const tags = ['-map_metadata', '-1', '-map_chapters', '-1', ...(title === null ? [] : ['-metadata', titleTag(title)])]
  return [
    ...QUIET_ARGS,
    ...PROGRESS_ARGS,
    ...inputs.flatMap((path) => [
      ...delayArgs(path, streams),
      ...excerptArgs(path, streams),
      ...inputArgs(path, path === clock?.path ? clock : {}),
    ]),
    ...maps,
    ...streams.flatMap(({ excerpt }, index) => (excerpt ? [`-copypriorss:${index}`, '0'] : [])),
    '-c',
    'copy',
    ...tags,
    ...streams.flatMap(({ language = null }, index) => languageArgs(tagged(extension, index), language)),
    ...streams.flatMap(({ title = null }, index) => (title === null ? [] : [`-metadata:s:${index}`, titleTag(title)])),
    ...streams.flatMap(({ disposition }, index) =>
      disposition === undefined ? [] : [`-disposition:${index}`, disposition],
    ),
    ...streams.flatMap(({ frames }, index) => (frames ? frameTimesArgs(index, frames, extension) : [])),
    ...containerArgs(extension),
    output,
    ...(clock && inputs.includes(clock.path) ? clockArgs(clock, inputs.indexOf(clock.path)) : []),
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
  if (isMatroska(extension)) return ['-f', 'matroska', '-cues_to_front', '1']
  // Version 2.3 of ID3 is what car radios and Windows read.
  if (extension === 'mp3') return ['-id3v2_version', '3']
  return []
}
