import { createHash } from 'node:crypto'
import type { AudioPlan, Excerpt, MediaPlan, VideoPlan } from '../contract/plan.ts'
import { PRESETS, wantsLoudness, type JobOptions, type Preset, type PresetName } from '../contract/presets.ts'
import type { SourceFacts } from '../contract/source-facts.ts'
import { trackLanguage } from '../tools/ffmpeg-language.ts'
import { decideAudio } from './plan-audio.ts'
import { decideChunks } from './plan-chunks.ts'
import { decideContainer } from './plan-container.ts'
import { diskNeed } from './plan-disk.ts'
import { decideExcerpt, excerptFacts } from './plan-excerpt.ts'
import { decideThumbnails, needsBranch, storyboardGeometry } from './plan-thumbnails.ts'
import { decideVideo, type VideoQuestion } from './plan-video.ts'
import { weighSteps } from './plan-weights.ts'

export interface PlanQuestion {
  facts: SourceFacts
  preset: PresetName
  options: JobOptions
  /** What ffmpeg says it is: other builds make other bytes. */
  ffmpegBuild: string
  /** Length of the chunks that an encode is cut into, about. */
  chunkMs: number
}

/**
 * What to make of a source, and how: copy what can be copied, encode the rest. Pure; equal questions have equal answers.
 * @throws SluiceError UnsupportedMedia where the preset can't be made of this source.
 */
export const decidePlan = ({ facts: source, preset: name, options, ffmpegBuild, chunkMs }: PlanQuestion): MediaPlan => {
  const preset: Preset = PRESETS[name]
  // Sound alone need not begin with a frame.
  const excerpt = decideExcerpt(preset.video === 'none' ? { ...source, video: null } : source, options)
  const facts = excerpt ? excerptFacts(source, excerpt) : source
  const cap = Math.min(preset.maxHeight ?? Infinity, options.maxHeight ?? Infinity)
  const decision = { facts: facts.video, whole: source, preset, cap, excerpt }
  const cut: VideoQuestion['cut'] = (picture, frameRate) => decideChunks({ facts, video: picture, frameRate, chunkMs })
  const branch = storyboardGeometry(facts.video, true)
  const { video, reasons: ofVideo } = decideVideo({
    ...decision,
    cut,
    storyboardBranch: facts.video && branch && (excerpt !== null || needsBranch(facts.video, branch)) ? branch : null,
  })
  const originMs = excerpt?.startMs ?? (video.mode === 'encode' ? (video.originMs ?? 0) : 0)
  const { audio, reasons: ofAudio } = decideAudio({
    facts: facts.audio,
    preset,
    format: options.audioFormat,
    originMs,
    excerpt,
    levelled: wantsLoudness(name, options),
  })
  const container = decideContainer({ facts, preset, video, audio, audioFormat: options.audioFormat, excerpt })
  const geometry = video.mode === 'encode' ? branch : storyboardGeometry(facts.video, false)
  const made = {
    extension: container.extension,
    delivery: preset.delivery,
    excerpt,
    passSource: container.passSource,
    durationMs: durationOf(facts, video, audio),
    video,
    audio,
    clockStreams: clockStreams(facts),
    alsoCopy: container.alsoCopy,
    ...languagesOf(facts, { video, audio, alsoCopy: container.alsoCopy }),
    thumbnails: decideThumbnails(facts, video, geometry),
    keepSource: options.keepSource ?? false,
  } satisfies Partial<MediaPlan>
  return {
    hash: hashOf([facts.identity, ffmpegBuild, made]),
    ...made,
    weights: weighSteps(facts, made, preset.quality),
    disk: diskNeed(facts, made),
    reasons: [...excerptReasons(excerpt, video), ...ofVideo, ...ofAudio, ...container.reasons],
  }
}

const excerptReasons = (excerpt: Excerpt | null, video: VideoPlan): string[] => {
  if (!excerpt) return []
  const at = (ms: number): string => `${(ms / 1_000).toFixed(3)} s`
  const part = `Of the source what lies from ${at(excerpt.startMs)} to ${excerpt.endMs === null ? 'its end' : at(excerpt.endMs)}.`
  return video.mode === 'copy' ? [part, 'Its picture is copied, so it begins with the keyframe there.'] : [part]
}

const clockStreams = ({ steadyClock, video, audio }: SourceFacts): number[] =>
  steadyClock ? [] : [video, audio].flatMap((stream) => (stream ? [stream.streamIndex] : []))

const languagesOf = (
  { streams }: SourceFacts,
  { video, audio, alsoCopy }: Pick<MediaPlan, 'video' | 'audio' | 'alsoCopy'>,
): Pick<MediaPlan, 'languages'> => {
  const main = [video, audio].flatMap((part) => (part.mode === 'none' ? [] : [part.streamIndex]))
  const kept = new Set([...main, ...alsoCopy])
  const spoken = streams.flatMap(({ index, language }) => {
    const stated = kept.has(index) ? trackLanguage(language) : null
    return stated === null ? [] : [[index, stated] as const]
  })
  return spoken.length === 0 ? {} : { languages: Object.fromEntries(spoken) }
}

/** Of the streams that are kept: sound alone may be shorter than its video was. */
const durationOf = (facts: SourceFacts, video: VideoPlan, audio: AudioPlan): number => {
  const videoMs = video.mode === 'none' ? 0 : (facts.video?.endMs ?? 0)
  return Math.max(0, videoMs, audio.mode === 'none' ? 0 : (facts.audio?.endMs ?? 0))
}

/** 128 bits of SHA-256: a folder name that can be read out. Field order is fixed by the code above. */
const hashOf = (value: unknown): string => createHash('sha256').update(JSON.stringify(value)).digest('hex').slice(0, 32)
