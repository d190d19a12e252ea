import { cutText } from '../contract/cut-text.ts'
import { plainTitle } from '../contract/plain-title.ts'
import type { SoundRole } from '../contract/source-facts.ts'
import { best, isKnown, streamType, type ProbeAnswer, type ProbedStream } from './ffprobe-answer.ts'

/** Films have up to a dozen; a file may announce hundreds. The one to play is among them. */
export const MOST_SOUNDS = 16
/** Names of tracks are words of a menu. */
const LONGEST_TITLE = 100

/** Where it has no decoder for a track, ffprobe cannot say of what its samples would be. */
const isDecodable = (stream: ProbedStream): boolean =>
  isKnown(stream) && stream.sample_fmt !== null && Boolean(stream.channels) && Boolean(stream.sample_rate)

/** What the container says that a sound track is; null where that is nothing special. */
export const roleOf = ({ disposition }: ProbedStream): SoundRole | null => {
  if (disposition.comment === 1) return 'commentary'
  if (disposition.visual_impaired === 1 || disposition.descriptions === 1) return 'description'
  if (disposition.hearing_impaired === 1) return 'clear'
  return disposition.dub === 1 ? 'dub' : null
}

/** The sound to play: of what can be decoded, the default track that is neither a commentary nor a description for the blind. */
export const mainAudio = (answer: ProbeAnswer): ProbedStream | null => {
  const heard = answer.streams.filter((stream) => streamType(stream) === 'audio' && isKnown(stream))
  const isAside = (stream: ProbedStream): boolean => ['commentary', 'description'].includes(roleOf(stream) ?? '')
  const score = (stream: ProbedStream): number =>
    (stream.disposition.default ?? 0) - (isAside(stream) ? 2 : 0) - (isDecodable(stream) ? 0 : 4)
  return best(heard, score)
}

/**
 * The tracks that may be delivered, no more than {@link MOST_SOUNDS}: the one to play, other languages, and then commentaries and
 * their like, as players that choose by language take the first.
 */
export const allAudio = (answer: ProbeAnswer): ProbedStream[] => {
  const main = mainAudio(answer)
  if (!main) return []
  const others = answer.streams.filter(
    (stream) => streamType(stream) === 'audio' && stream !== main && isDecodable(stream),
  )
  const plain = others.filter((stream) => roleOf(stream) === null)
  const aside = others.filter((stream) => roleOf(stream) !== null)
  return [main, ...plain, ...aside].slice(0, MOST_SOUNDS)
}

export interface TrackWords {
  title?: string
  role?: SoundRole
  undecodable?: true
}

/** What tells the tracks of a file from each other, as far as it says so. */
export const wordsOf = (stream: ProbedStream): TrackWords => {
  const title = cutText(plainTitle(stream.tags.title ?? ''), LONGEST_TITLE, (text) => text.length)
  const isSound = streamType(stream) === 'audio'
  const role = isSound ? roleOf(stream) : null
  return {
    ...(title !== '' && { title }),
    ...(role && { role }),
    ...(isSound && !isDecodable(stream) && { undecodable: true }),
  }
}
