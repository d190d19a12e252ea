import type { SoundPlan } from '../contract/plan.ts'
import type { SoundRole, StreamFacts } from '../contract/source-facts.ts'
import { trackLanguage } from '../tools/ffmpeg-language.ts'

type Named = Pick<SoundPlan, 'name' | 'label' | 'role'>

const ROLE_WORDS: Readonly<Record<SoundRole, string>> = {
  commentary: 'commentary',
  description: 'audio description',
  clear: 'clear speech',
  dub: 'dubbed',
}

/**
 * How tracks are called, the one to play first: for people by their makers' words, else by language and role; in names of files by the
 * language or their place. No two have the same.
 */
export const nameSounds = (tracks: readonly { streamIndex: number }[], streams: readonly StreamFacts[]): Named[] => {
  const [names, labels] = [new Set<string>(), new Set<string>()]
  return tracks.map(({ streamIndex }, index) => {
    const stream = streams.find((each) => each.index === streamIndex)
    const language = trackLanguage(stream?.language)
    const name = index === 0 ? 'audio' : `audio-${language ?? index + 1}`
    return {
      name: unlike(names, name, '-'),
      label: unlike(labels, stream?.title ?? describe(language, stream?.role, index), ' '),
      role: stream?.role ?? null,
    }
  })
}

const describe = (language: string | null, role: SoundRole | undefined, index: number): string => {
  const spoken = languageName(language) ?? `Track ${index + 1}`
  return role === undefined ? spoken : `${spoken} (${ROLE_WORDS[role]})`
}

const LANGUAGES = new Intl.DisplayNames(['en'], { type: 'language', fallback: 'none' })

/** In English; null for what has no name, as `und`, which says that nobody knows. */
const languageName = (language: string | null): string | null =>
  language === null ? null : (LANGUAGES.of(language) ?? null)

/** The first of `audio-eng`, `audio-eng-2`, `audio-eng-3` … that is not taken; takes it. */
const unlike = (taken: Set<string>, wanted: string, between: string): string => {
  let found = wanted
  for (let count = 2; taken.has(found); count += 1) found = `${wanted}${between}${count}`
  taken.add(found)
  return found
}
