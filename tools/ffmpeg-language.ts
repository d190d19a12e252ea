import type { MediaPlan } from '../contract/plan.ts'

/** What MP4 has room for; of a longer word ffmpeg would take the first three letters for one. */
const ISO_639_2 = /^[a-z]{3}$/

/** A language as a track can state it; null for what a track has no room for. */
export const trackLanguage = (language: string | null | undefined): string | null =>
  language && ISO_639_2.test(language) ? language : null

/** The language of a stream of the source that is kept, as the plan has it; null where nobody knows it. */
export const plannedLanguage = ({ languages }: Pick<MediaPlan, 'languages'>, streamIndex: number): string | null =>
  languages?.[streamIndex] ?? null

/**
 * Says the language of a stream of the output, which may be null. It is the one tag that goes along; with all of them ffmpeg
 * would, for one, make a further stream of a stated time code.
 */
export const languageArgs = (stream: string, language: string | null): string[] =>
  language === null ? [] : [`-metadata:${stream}`, `language=${language}`]
