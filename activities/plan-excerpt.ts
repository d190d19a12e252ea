import { SluiceError } from '../contract/failures.ts'
import type { Excerpt } from '../contract/plan.ts'
import type { JobOptions } from '../contract/presets.ts'
import type { Hole, SourceFacts } from '../contract/source-facts.ts'
import { secondsPerFrame } from '../tools/frame-rate.ts'
import { originOf } from './plan-origin.ts'

/** Times are known by the millisecond, and some containers round to it: so much before a frame is at the frame. */
const ROUNDING_MS = 2

/**
 * The part of the source that is wanted; null for all of it. It begins with the first frame that is shown at the start or after
 * it, so that frames of a constant rate stay where they are, and sound begins with the frame.
 * @throws SluiceError InvalidRequest where the source ends before the start.
 */
export const decideExcerpt = (
  facts: SourceFacts,
  { startMs = 0, endMs }: Pick<JobOptions, 'startMs' | 'endMs'>,
): Excerpt | null => {
  const { video, durationMs } = facts
  const end = endMs === undefined || endMs >= durationMs ? null : endMs
  if (startMs === 0 && end === null) return null
  if (startMs >= durationMs) {
    const [wanted, there] = [startMs, durationMs].map((ms) => (ms / 1_000).toFixed(1))
    throw new SluiceError('InvalidRequest', `The recording ends at ${there} s, so nothing of it begins at ${wanted} s.`)
  }
  const originMs = (video && originOf(video, video.frameRate)) ?? 0
  if (startMs === 0) return { startMs: originMs, endMs: end }
  const frameMs = video?.frameRate ? secondsPerFrame(video.frameRate) * 1_000 : null
  if (frameMs === null) return { startMs: Math.max(startMs, originMs), endMs: end }
  const frame = Math.max(0, Math.ceil((startMs - originMs - ROUNDING_MS) / frameMs))
  const first = Number((originMs + frame * frameMs).toFixed(3))
  if (first >= (end ?? durationMs)) throw new SluiceError('InvalidRequest', 'There is no frame between start and end.')
  return { startMs: first, endMs: end }
}

/** Where the excerpt ends, counted as pieces of the encode are: frames of the output, or milliseconds; null for the end of the source. */
export const endPlace = ({ startMs, endMs }: Excerpt, frameRate: string | null): number | null => {
  if (endMs === null) return null
  if (frameRate === null) return Math.max(1, Math.round(endMs - startMs))
  return Math.max(1, Math.ceil((endMs - startMs - ROUNDING_MS) / (secondsPerFrame(frameRate) * 1_000)))
}

/** What would be known of the excerpt if it were the source. What lies outside altogether is not there. */
export const excerptFacts = (facts: SourceFacts, excerpt: Excerpt): SourceFacts => {
  const within = <T extends { startMs: number; endMs: number; holes?: Hole[] }>(part: T | null): T | null => {
    if (!part) return null
    // Where there is nothing, what is before it is the end, and what is behind it the beginning.
    const holeAt = (ms: number): Hole | undefined => part.holes?.find(({ fromMs, toMs }) => fromMs <= ms && ms < toMs)
    const toMs = excerpt.endMs === null ? part.endMs : (holeAt(excerpt.endMs)?.fromMs ?? excerpt.endMs)
    const fromMs = holeAt(excerpt.startMs)?.toMs ?? part.startMs
    const endMs = Math.round(Math.min(part.endMs, toMs) - excerpt.startMs)
    const startMs = Math.round(Math.max(0, fromMs - excerpt.startMs))
    return endMs <= startMs ? null : { ...part, startMs, endMs }
  }
  const video = within(facts.video)
  const part = facts.video && video ? (video.endMs - video.startMs) / Math.max(1, facts.video.endMs) : 0
  const scaled = (count: number): number => Math.max(1, Math.round(count * part))
  const [audio = null, ...furtherAudio] = [facts.audio, ...facts.furtherAudio].flatMap((part) => within(part) ?? [])
  return {
    ...facts,
    durationMs: Math.max(0, video?.endMs ?? 0, audio?.endMs ?? 0),
    video: video && {
      ...video,
      frames: scaled(video.frames),
      keyframes: { ...video.keyframes, count: scaled(video.keyframes.count) },
    },
    audio,
    furtherAudio,
  }
}
