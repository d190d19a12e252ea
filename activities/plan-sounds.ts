import { SluiceError } from '../contract/failures.ts'
import type { SoundPlan } from '../contract/plan.ts'
import { makesEverySound } from '../contract/presets.ts'
import type { AudioFacts, SourceFacts } from '../contract/source-facts.ts'
import { MOST_SOUNDS } from '../tools/ffprobe-sounds.ts'
import { decideAudio, type AudioQuestion } from './plan-audio.ts'
import { nameSounds } from './plan-sound-names.ts'

export interface SoundsDecision {
  /** The one to play first. */
  sounds: SoundPlan[]
  reasons: string[]
}

/**
 * Which sound tracks are delivered, and how each is made: those that the preset has room for and that something is known of.
 * @throws SluiceError UnsupportedMedia when only sound is wanted and there is none.
 */
export const decideSounds = (
  source: SourceFacts,
  question: Omit<AudioQuestion, 'facts' | 'steadyClock'>,
): SoundsDecision => {
  const { preset } = question
  const { audio, furtherAudio } = source
  const tracks: AudioFacts[] = [...(audio ? [audio] : []), ...(makesEverySound(preset) ? furtherAudio : [])]
  if (tracks.length === 0) {
    if (preset.video === 'none') throw new SluiceError('UnsupportedMedia', 'The source has no sound.')
    return { sounds: [], reasons: ['The source has no sound.'] }
  }
  const names = nameSounds(tracks, source.streams)
  const reasons: string[] = []
  const sounds = tracks.flatMap((facts, index): SoundPlan[] => {
    const named = names[index]
    if (!named) return []
    const { audio: made, reason } = decideAudio({ ...question, facts, steadyClock: source.steadyClock })
    reasons.push(index === 0 ? reason : `${named.label}: ${reason}`)
    return [{ ...made, ...named }]
  })
  return { sounds, reasons: [...reasons, ...whyLeftOut(source, sounds, question)] }
}

const whyLeftOut = (
  source: SourceFacts,
  sounds: readonly SoundPlan[],
  { preset }: Pick<AudioQuestion, 'preset'>,
): string[] => {
  // What is only copied, or taken along into Matroska, is not left out.
  if (preset.audio === 'source' || preset.container === 'mkv') return []
  const all = source.streams.filter(({ type }) => type === 'audio')
  const left = all.filter(({ index }) => !sounds.some(({ streamIndex }) => streamIndex === index))
  if (left.length === 0) return []
  if (preset.tracks === 'default') {
    const are = left.length === 1 ? 'is' : 'are'
    return [
      `${left.length} of ${all.length} sound tracks ${are} left out, as players of one file play one: stream and archive have them all.`,
    ]
  }
  const unread = left.filter(({ undecodable }) => undecodable === true)
  const beyond = Math.max(0, all.length - unread.length - MOST_SOUNDS)
  const empty = left.length - unread.length - beyond
  return [
    ...(unread.length > 0
      ? [`Sound left out, as nothing here decodes it: ${[...new Set(unread.map(({ codec }) => codec))].join(', ')}.`]
      : []),
    ...(beyond > 0 ? [`Sound tracks left out, as ${MOST_SOUNDS} are the most: ${beyond}.`] : []),
    ...(empty > 0 ? [`Sound tracks left out, as there is nothing in them: ${empty}.`] : []),
  ]
}
