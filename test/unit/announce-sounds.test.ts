import { describe, expect, it } from 'vitest'
import { withSoundsOfDash, withSoundsOfHls } from '../../tools/announce-sounds.ts'
import { packagerArgs, type PackagerSound } from '../../tools/packager-args.ts'

const sound = (name: string, label: string, role: PackagerSound['role'] = null): PackagerSound => {
  return { kind: 'audio', name, input: `${name}.m4a`, label, role }
}
const media = (name: string, words: string): string =>
  `#EXT-X-MEDIA:TYPE=AUDIO,URI="${name}/index.m3u8",GROUP-ID="audio",NAME=${words}`

describe('sounds of HLS', () => {
  it('have their labels, whatever is in them, and the first is the default', () => {
    const lines = [
      media('audio', '"audio",DEFAULT=NO,CHANNELS="2"'),
      media('audio-eng', '"audio-eng",DEFAULT=NO,AUTOSELECT=YES'),
      media('audio-eng-2', '"audio-eng-2",DEFAULT=NO'),
    ]
    const sounds = [sound('audio', 'a "b", c=$1'), sound('audio-eng', '$&'), sound('audio-eng-2', 'audio-eng')]
    expect(withSoundsOfHls(lines.join('\n'), sounds).split('\n')).toEqual([
      media('audio', `"a 'b', c=$1",DEFAULT=YES,AUTOSELECT=YES,CHANNELS="2"`),
      media('audio-eng', '"$&",DEFAULT=NO,AUTOSELECT=YES'),
      media('audio-eng-2', '"audio-eng",DEFAULT=NO'),
    ])
  })

  it('are one variant where there is no picture', () => {
    const variants = ['audio', 'audio-fra', '64p'].map((name) => `#EXT-X-STREAM-INF:BANDWIDTH=1\n${name}/index.m3u8\n`)
    const left = withSoundsOfHls(variants.join(''), [sound('audio', 'A'), sound('audio-fra', 'B')])
    expect(left).toBe(`${variants[0]}${variants[2]}`)
  })
})

describe('sounds of DASH', () => {
  it('have their labels, and sets stand in the order of their streams', () => {
    const set = (place: number, name: string): string =>
      `<AdaptationSet id="${9 - place}">\n<Label>${name}</Label>\n<Representation id="${place}"/>\n</AdaptationSet>`
    const mpd = `<Period>${set(10, 'audio-fra')}\n${set(2, 'audio')}</Period>`
    const sounds = [sound('audio', 'audio-fra & <$1>'), sound('audio-fra', 'Français')]
    expect(withSoundsOfDash(mpd, sounds)).toBe(
      `<Period>${set(2, 'audio-fra &amp; &lt;$1&gt;')}\n${set(10, 'Français')}</Period>`,
    )
  })
})

describe('descriptors of sounds', () => {
  const fieldsOf = (...sounds: PackagerSound[]): string[] =>
    packagerArgs(sounds, 'stream')
      .slice(0, sounds.length)
      .map((descriptor) =>
        descriptor
          .split(',')
          .filter((field) => /^(dash|hls)_/.test(field))
          .join(' '),
      )

  it('say what they are, and nothing that a file said of them', () => {
    const sounds = [
      sound('audio', 'a,b=c'),
      sound('audio-fra', 'x'),
      sound('audio-eng', 'y', 'commentary'),
      sound('audio-eng-2', 'z', 'description'),
      sound('audio-eng-3', 'z', 'clear'),
    ]
    const common = (name: string, roles: string): string =>
      `hls_group_id=audio hls_name=${name} dash_label=${name} dash_roles=${roles}`
    expect(fieldsOf(...sounds)).toEqual([
      common('audio', 'main'),
      common('audio-fra', 'alternate'),
      common('audio-eng', 'commentary'),
      `${common('audio-eng-2', 'description')} hls_characteristics=public.accessibility.describes-video`,
      `${common('audio-eng-3', 'enhanced-audio-intelligibility')} hls_characteristics=public.accessibility.enhances-speech-intelligibility`,
    ])
    expect(packagerArgs(sounds, 'stream')).not.toContain('--default_language')
  })
})
