import { describe, expect, it } from 'vitest'
import { decidePlan } from '../../activities/plan-media.ts'
import { nameSounds } from '../../activities/plan-sound-names.ts'
import type { MediaPlan } from '../../contract/plan.ts'
import type { JobOptions, PresetName } from '../../contract/presets.ts'
import type { SourceFacts, StreamFacts } from '../../contract/source-facts.ts'
import { audioFacts, sourceFacts } from './media-facts.ts'

const track = (index: number, words: Partial<StreamFacts> = {}): StreamFacts => {
  return { index, type: 'audio', codec: 'ac3', cover: false, language: null, ...words }
}

/** A film whose first sound is English AAC and fits as it is, with further ones in AC-3 behind it. */
const film = (further: readonly StreamFacts[], changes: Partial<SourceFacts> = {}): SourceFacts => {
  const facts = sourceFacts(changes)
  const streams = [...facts.streams.map((each) => (each.index === 1 ? { ...each, language: 'eng' } : each)), ...further]
  const heard = further.filter(({ undecodable }) => undecodable !== true)
  const furtherAudio = heard.map(({ index, codec }) => audioFacts({ streamIndex: index, codec, channels: 6 }))
  return { ...facts, streams, furtherAudio }
}

const decide = (facts: SourceFacts, preset: PresetName, options: JobOptions = {}): MediaPlan =>
  decidePlan({ facts, preset, options, ffmpegBuild: '9.0', chunkMs: 40_000 })
const LANGUAGES = [track(2, { language: 'fra' }), track(3, { language: 'deu', title: 'Deutsch' })]

describe('names of sound tracks', () => {
  const named = (...streams: StreamFacts[]): string[] =>
    nameSounds(
      streams.map(({ index }) => ({ streamIndex: index })),
      streams,
    ).map(({ name, label, role }) => [name, label, ...(role ? [role] : [])].join(' / '))

  it.each<[string, StreamFacts[], string[]]>([
    ['a track of which nothing is known', [track(1)], ['audio / Track 1']],
    [
      'languages, by the words of ISO 639-2 for terms and for libraries',
      [track(1, { language: 'eng' }), track(2, { language: 'fre' }), track(3, { language: 'deu' })],
      ['audio / English', 'audio-fre / French', 'audio-deu / German'],
    ],
    [
      'titles before languages',
      [track(1, { language: 'eng', title: 'Stereo' }), track(2, { language: 'eng', title: '5.1' })],
      ['audio / Stereo', 'audio-eng / 5.1'],
    ],
    [
      'several of a language, and of a title',
      [track(1, { language: 'eng' }), track(2, { language: 'eng' }), track(3, { language: 'eng', title: 'English' })],
      ['audio / English', 'audio-eng / English 2', 'audio-eng-2 / English 3'],
    ],
    [
      'kinds',
      [
        track(1, { language: 'eng' }),
        track(2, { language: 'eng', role: 'commentary' }),
        track(3, { role: 'description' }),
      ],
      [
        'audio / English',
        'audio-eng / English (commentary) / commentary',
        'audio-3 / Track 3 (audio description) / description',
      ],
    ],
    [
      'languages that nobody knows, and that are no words for files',
      [track(1), track(2, { language: 'qaa' }), track(3, { language: '../x' })],
      ['audio / Track 1', 'audio-qaa / Track 2', 'audio-3 / Track 3'],
    ],
    [
      'what is called like the place of another',
      [track(1), track(2, { title: 'Track 3' }), track(3)],
      ['audio / Track 1', 'audio-2 / Track 3', 'audio-3 / Track 3 2'],
    ],
  ])('of %s', (_, streams, expected) => {
    expect(named(...streams)).toEqual(expected)
  })
})

describe('sound tracks', () => {
  const outline = ({ sounds }: MediaPlan): string[] => sounds.map(({ name, mode, codec }) => `${name} ${mode} ${codec}`)

  it('are all in a stream and in an archive, each copied or encoded by the same rules', () => {
    const facts = film([...LANGUAGES, track(4, { codec: 'aac', language: 'ita' })])
    facts.furtherAudio = facts.furtherAudio.map((audio) => ({ ...audio, channels: 2 }))
    const stream = decide(facts, 'stream')
    const made = ['audio copy aac', 'audio-fra encode aac', 'audio-deu encode aac', 'audio-ita copy aac']
    expect(outline(stream)).toEqual(made)
    expect(stream.reasons).toContain('Deutsch: The sound is encoded from ac3 to aac.')
    expect(stream.languages).toMatchObject({ 1: 'eng', 2: 'fra', 3: 'deu', 4: 'ita' })
    const archive = decide(facts, 'archive')
    expect(outline(archive)).toEqual(
      ['audio', 'audio-fra', 'audio-deu', 'audio-ita'].map((name) => `${name} encode opus`),
    )
    expect(archive).toMatchObject({ alsoCopy: [], titles: { 3: 'Deutsch' } })
  })

  it('cost what they cost', () => {
    const [one, three] = [decide(film([]), 'archive'), decide(film(LANGUAGES), 'archive')]
    expect(three.weights.transcode).toBeGreaterThan(one.weights.transcode)
    // Two encodes of 341 kbit/s for a minute, and the copies that are packaged.
    expect(three.disk.bytes - one.disk.bytes).toBe((2 * 2 * 60 * 256_000) / 8)
    expect(three.hash).not.toBe(one.hash)
  })

  it('share the origin, the part and the loudness of the first, and measure one themselves', () => {
    const { sounds } = decide(film(LANGUAGES), 'stream', { startMs: 10_000, endMs: 20_000, loudness: true })
    const [first, ...others] = sounds.map(
      (sound) => sound.mode === 'encode' && [sound.originMs, sound.endMs, sound.loudness],
    )
    expect(others).toEqual([first, first])
  })

  it.each<[PresetName, JobOptions]>([
    ['web', {}],
    ['high-quality', {}],
    ['mobile', {}],
    ['small', {}],
    ['webm', {}],
    ['audio', { audioFormat: 'mp3' }],
  ])('%s has the first alone, and says so', (preset, options) => {
    const facts = film(LANGUAGES)
    const plan = decide({ ...facts, furtherAudio: [] }, preset, options)
    expect(plan.sounds.map(({ streamIndex }) => streamIndex)).toEqual([1])
    expect(plan.reasons).toContain(
      '2 of 3 sound tracks are left out, as players of one file play one: stream and archive have them all.',
    )
    expect(decide(sourceFacts(), preset, options).reasons.join(' ')).not.toContain('left out')
  })

  it('are kept by original as they are, without a word', () => {
    const facts = film(LANGUAGES, { container: 'mpegts', majorBrand: null })
    const plan = decide({ ...facts, furtherAudio: [] }, 'original')
    expect(plan).toMatchObject({ sounds: [{ streamIndex: 1, mode: 'copy' }], alsoCopy: [2, 3] })
    expect(plan.reasons.join(' ')).not.toContain('left out')
  })

  it('that nothing decodes are left out of a stream with the reason, and taken along into an archive as they are', () => {
    const facts = film([...LANGUAGES, track(4, { codec: 'ac4', undecodable: true })])
    const stream = decide(facts, 'stream')
    expect(stream.sounds).toHaveLength(3)
    expect(stream.reasons).toContain('Sound left out, as nothing here decodes it: ac4.')
    expect(decide(facts, 'archive')).toMatchObject({ alsoCopy: [4] })
  })

  it('beyond sixteen are left out of a stream with the reason', () => {
    const facts = film(Array.from({ length: 200 }, (_, index) => track(2 + index)))
    const plan = decide({ ...facts, furtherAudio: facts.furtherAudio.slice(0, 15) }, 'stream')
    expect(plan.sounds).toHaveLength(16)
    expect(plan.reasons.at(-1)).toBe('Sound tracks left out, as 16 are the most: 185.')
  })

  it('with nothing in them are left out with the reason; the next one is played instead of the first', () => {
    const facts = film(LANGUAGES)
    const [french, ...others] = facts.furtherAudio
    const plan = decide({ ...facts, audio: french ?? null, furtherAudio: others }, 'stream')
    expect(plan.sounds.map(({ name, label }) => `${name} ${label}`)).toEqual(['audio French', 'audio-deu Deutsch'])
    expect(plan.reasons.at(-1)).toBe('Sound tracks left out, as there is nothing in them: 1.')
  })

  it('set the clock together where it may jump', () => {
    const facts = film(LANGUAGES, { container: 'mpegts', steadyClock: false })
    expect(decide(facts, 'stream').clockStreams).toEqual([0, 1, 2, 3])
    expect(decide({ ...facts, steadyClock: true }, 'stream').clockStreams).toEqual([])
  })
})
