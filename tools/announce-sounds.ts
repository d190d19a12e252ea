import type { PackagerSound } from './packager-args.ts'

type Announced = Pick<PackagerSound, 'name' | 'label'>

/** A quoted string of HLS has no way to write its own mark (RFC 8216, 4.2). */
const quoted = (text: string): string => `"${text.replaceAll('"', "'")}"`

/**
 * The playlist of playlists with the sounds' labels for people, and the first one as that to play. The packager knows of a default
 * by language only, which two tracks may have and one may not; and where there is no picture it offers every track as if it were
 * the same in another quality.
 */
export const withSoundsOfHls = (master: string, sounds: readonly Announced[]): string =>
  sounds.reduce((text, { name, label }, index) => {
    const uri = `${name}/index.m3u8`
    const announced = text.replaceAll(/^#EXT-X-MEDIA:.*$/gm, (line) => {
      if (!line.includes(`URI="${uri}"`)) return line
      const named = line.replace(`NAME="${name}"`, () => `NAME=${quoted(label)}`)
      if (index > 0) return named
      const standard = named.replace('DEFAULT=NO', 'DEFAULT=YES')
      return standard.includes('AUTOSELECT=') ? standard : standard.replace('DEFAULT=YES', 'DEFAULT=YES,AUTOSELECT=YES')
    })
    return index === 0 ? announced : announced.replace(new RegExp(`^#EXT-X-STREAM-INF:.*\n${uri}\n`, 'm'), '')
  }, master)

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;' }

/** The manifest of DASH with the sounds' labels for people, its sets in the order of the packager's streams: not every player knows roles. */
export const withSoundsOfDash = (mpd: string, sounds: readonly Announced[]): string => {
  const sets = (mpd.match(SET) ?? []).toSorted((one, other) => placeOf(one) - placeOf(other)).values()
  const labels = new Map(sounds.map(({ name, label }) => [name, label]))
  return mpd
    .replaceAll(SET, () => sets.next().value ?? '')
    .replaceAll(/<Label>([^<]*)<\/Label>/g, (_, name: string) => `<Label>${escaped(labels.get(name) ?? name)}</Label>`)
}

const SET = /<AdaptationSet\b[^]*?<\/AdaptationSet>/g
/** The packager counts representations as they were given. */
const placeOf = (set: string): number => Number(/<Representation id="(\d+)"/.exec(set)?.[1])
const escaped = (text: string): string => text.replaceAll(/[&<>]/g, (character) => ENTITIES[character] ?? '')
