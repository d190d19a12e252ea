import { createHash } from 'node:crypto'
import type { Excerpt, MediaPlan, VideoPlan } from '../contract/plan.ts'
import { PRESETS, wantsLoudness, type JobOptions, type Preset, type PresetName } from '../contract/presets.ts'
import type { SourceFacts, StreamFacts } from '../contract/source-facts.ts'
import { trackLanguage } from '../tools/ffmpeg-language.ts'
import { decideChunks } from './plan-chunks.ts'
import { decideContainer } from './plan-container.ts'
import { diskNeed } from './plan-disk.ts'
import { decideExcerpt, excerptFacts } from './plan-excerpt.ts'
import { decideSounds } from './plan-sounds.ts'
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
  const levelled = wantsLoudness(name, options)
  const question = { preset, format: options.audioFormat, originMs, excerpt, levelled }
  const { sounds, reasons: ofSound } = decideSounds(facts, question)
  const container = decideContainer({ facts, preset, video, sounds, audioFormat: options.audioFormat, excerpt })
  const geometry = video.mode === 'encode' ? branch : storyboardGeometry(facts.video, false)
  const made = {
    extension: container.extension,
    delivery: preset.delivery,
    excerpt,
    passSource: container.passSource,
    durationMs: durationOf(facts, video, sounds),
    video,
    sounds,
    clockStreams: clockStreams(source),
    ...(source.leastJumpS !== undefined && { leastJumpS: source.leastJumpS }),
    ...(source.looksFar && { looksFar: true }),
    alsoCopy: container.alsoCopy,
    ...wordsOf(facts, { video, sounds, alsoCopy: container.alsoCopy }),
    thumbnails: decideThumbnails(facts, video, geometry),
    keepSource: options.keepSource ?? false,
  } satisfies Partial<MediaPlan>
  return {
    hash: hashOf([facts.identity, ffmpegBuild, made]),
    ...made,
    weights: weighSteps(facts, made, preset.quality),
    disk: diskNeed(facts, made),
    reasons: [...excerptReasons(excerpt, video), ...ofVideo, ...ofSound, ...container.reasons],
  }
}

const excerptReasons = (excerpt: Excerpt | null, video: VideoPlan): string[] => {
  if (!excerpt) return []
  const at = (ms: number): string => `${(ms / 1_000).toFixed(3)} s`
  const part = `Of the source what lies from ${at(excerpt.startMs)} to ${excerpt.endMs === null ? 'its end' : at(excerpt.endMs)}.`
  return video.mode === 'copy' ? [part, 'Its picture is copied, so it begins with the keyframe there.'] : [part]
}

/** Those that were measured: of one that is left out the others still have their times. */
const clockStreams = ({ steadyClock, video, audio, furtherAudio }: SourceFacts): number[] =>
  steadyClock ? [] : [video, audio, ...furtherAudio].flatMap((stream) => (stream ? [stream.streamIndex] : []))

const wordsOf = (
  { streams }: SourceFacts,
  { video, sounds, alsoCopy }: Pick<MediaPlan, 'video' | 'sounds' | 'alsoCopy'>,
): Pick<MediaPlan, 'languages' | 'titles'> => {
  const main = [video, ...sounds].flatMap((part) => (part.mode === 'none' ? [] : [part.streamIndex]))
  const kept = new Set([...main, ...alsoCopy])
  const said = (word: (stream: StreamFacts) => string | null | undefined): Record<number, string> =>
    Object.fromEntries(
      streams.flatMap((stream) => {
        const stated = kept.has(stream.index) ? word(stream) : null
        return stated ? [[stream.index, stated] as const] : []
      }),
    )
  const languages = said(({ language }) => trackLanguage(language))
  const titles = said(({ title }) => title)
  const isEmpty = (words: object): boolean => Object.keys(words).length === 0
  return { ...(!isEmpty(languages) && { languages }), ...(!isEmpty(titles) && { titles }) }
}

/** Of what is shown and played first: sound alone may be shorter than its video was. */
const durationOf = (facts: SourceFacts, video: VideoPlan, sounds: readonly unknown[]): number => {
  const videoMs = video.mode === 'none' ? 0 : (facts.video?.endMs ?? 0)
  return Math.max(0, videoMs, sounds.length === 0 ? 0 : (facts.audio?.endMs ?? 0))
}

/** 128 bits of SHA-256: a folder name that can be read out. Field order is fixed by the code above. */
const hashOf = (value: unknown): string => createHash('sha256').update(JSON.stringify(value)).digest('hex').slice(0, 32)
