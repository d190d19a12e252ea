import { isCancellation } from '@temporalio/workflow'
import { summaryText } from '../contract/activity-summary.ts'
import type { MediaPlan } from '../contract/plan.ts'
import type { StoredFile, TranscodedAudio } from '../contract/steps.ts'
import { transcodeAudio } from './activity-proxies.ts'
import { inLanes } from './branches.ts'
import { failureOf, type JobRun } from './job-run.ts'
import { attemptPart, isInputGone } from './run-step.ts'

export interface EncodedSounds {
  /** The plan as it could be carried out. */
  plan: MediaPlan
  /** Of each of that plan's sounds; null where the source's own is to be taken. */
  sounds: (TranscodedAudio | null)[]
}

/** One beside the picture uses a core that waits; more would only take turns. */
const SOUNDS_AT_ONCE = 2
/** What the first track fails with fails the job. Of the others these say that the track is broken. */
const SPOILED: readonly string[] = ['ToolCrashed', 'OutputInvalid', 'UnsupportedMedia']

/**
 * Encodes the plan's sound tracks, each in one piece. A broken one beside the first is left out, and the plan's reasons say so.
 * @param share of the step's work, 0–1, for all of them.
 */
export const encodeSounds = async (
  run: JobRun,
  { file, plan, share }: { file: StoredFile; plan: MediaPlan; share: number },
): Promise<EncodedSounds> => {
  const encoded = plan.sounds.flatMap(({ mode }, sound) => (mode === 'encode' ? [sound] : []))
  const made = new Map<number, TranscodedAudio>()
  const broken = new Map<number, string>()
  await inLanes({ lanes: SOUNDS_AT_ONCE, count: encoded.length }, async (lane) => {
    const sound = encoded[lane] ?? 0
    const { name, label, codec } = plan.sounds[sound] ?? { name: 'audio', label: '', codec: '' }
    try {
      const attempted = await attemptPart(run, 'transcode', { name, share: share / encoded.length }, (ref) =>
        transcodeAudio.executeWithOptions(
          run.scheduling(summaryText(sound === 0 ? `audio as ${codec}` : `audio as ${codec}: ${label}`)),
          [{ ref, file, plan, sound }],
        ),
      )
      made.set(sound, attempted)
    } catch (error) {
      if (sound === 0 || isCancellation(error) || isInputGone(error)) throw error
      const { code, message } = failureOf(error, 'transcode')
      if (!SPOILED.includes(code)) throw error
      broken.set(sound, `${label}: The sound is left out, as it could not be encoded: ${message}`)
    }
  })
  const kept = [...plan.sounds.keys()].filter((sound) => !broken.has(sound))
  const louder = kept.slice(1).flatMap((sound) => {
    const reason = made.get(sound)?.loudness?.reason
    return reason === undefined ? [] : [`${plan.sounds[sound]?.label}: ${reason}`]
  })
  return {
    plan: {
      ...plan,
      sounds: plan.sounds.filter((_, sound) => !broken.has(sound)),
      reasons: [...plan.reasons, ...louder, ...broken.values()],
    },
    sounds: kept.map((sound) => made.get(sound) ?? null),
  }
}
