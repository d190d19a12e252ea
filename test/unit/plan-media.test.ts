import fc from 'fast-check'
import { scaledSize } from '../../activities/plan-ladder.ts'
import { describe, expect, it } from 'vitest'
import { decidePlan } from '../../activities/plan-media.ts'
import type { MediaPlan } from '../../contract/plan.ts'
import { PRESET_NAMES, PRESETS, type JobOptions, type PresetName } from '../../contract/presets.ts'
import type { SourceFacts, VideoFacts } from '../../contract/source-facts.ts'
import { audioFacts, sourceFacts, videoFacts } from './media-facts.ts'

const decide = (facts: SourceFacts, preset: PresetName = 'web', options: JobOptions = {}): MediaPlan =>
  decidePlan({ facts, preset, options, ffmpegBuild: '9.0', chunkMs: 40_000 })

const outline = (plan: MediaPlan): string =>
  [plan.extension, plan.video.mode, plan.sounds[0]?.mode ?? 'none', plan.passSource ? 'passed' : 'made'].join(' ')

const renditionsOf = ({ video }: MediaPlan) => (video.mode === 'encode' ? video.renditions : [])
const namesOf = (plan: MediaPlan): string[] => renditionsOf(plan).map((rendition) => rendition.name)

describe('web', () => {
  const picture = (changes: Partial<VideoFacts>): SourceFacts => sourceFacts({ video: videoFacts(changes) })
  it.each<[string, SourceFacts, string]>([
    ['fits as it is', sourceFacts(), 'mp4 copy copy passed'],
    ['has its index at the end', sourceFacts({ indexFirst: false }), 'mp4 copy copy made'],
    ['is QuickTime', sourceFacts({ majorBrand: 'qt' }), 'mp4 copy copy made'],
    ['is Matroska', sourceFacts({ container: 'matroska,webm', indexFirst: null }), 'mp4 copy copy made'],
    ['is AVI', sourceFacts({ container: 'avi', indexFirst: null }), 'mp4 encode copy made'],
    ['is HEVC', picture({ codec: 'hevc' }), 'mp4 encode copy made'],
    ['has ten bits', picture({ profile: 'High 10', pixelFormat: 'yuv420p10le' }), 'mp4 encode copy made'],
    ['has full chroma', picture({ profile: 'High 4:4:4 Predictive' }), 'mp4 encode copy made'],
    ['is interlaced', picture({ interlaced: true }), 'mp4 encode copy made'],
    ['has oblong pixels', picture({ squarePixels: false }), 'mp4 encode copy made'],
    ['is turned by a quarter', picture({ rotation: 90, width: 1080, height: 1920 }), 'mp4 copy copy passed'],
    ['is turned oddly', picture({ rotation: 45 }), 'mp4 encode copy made'],
    ['is HDR10', picture({ dynamicRange: 'hdr10' }), 'mp4 encode copy made'],
    ['has an absurd level', picture({ level: 62 }), 'mp4 encode copy made'],
    ['is larger than 1080 lines', picture({ width: 3840, height: 2160 }), 'mp4 encode copy made'],
    ['is portrait of 1080', picture({ width: 1080, height: 1920 }), 'mp4 copy copy passed'],
    ['has 5.1 sound', sourceFacts({ audio: audioFacts({ channels: 6 }) }), 'mp4 copy encode made'],
    ['has Opus sound', sourceFacts({ audio: audioFacts({ codec: 'opus', profile: null }) }), 'mp4 copy encode made'],
    ['has 96 kHz sound', sourceFacts({ audio: audioFacts({ sampleRateHz: 96_000 }) }), 'mp4 copy encode made'],
    ['has no sound', sourceFacts({ audio: null }), 'mp4 copy none passed'],
    ['has no picture', sourceFacts({ video: null }), 'm4a none copy passed'],
  ])('decides for a source that %s', (_, facts, expected) => {
    expect(outline(decide(facts))).toBe(expected)
  })

  it('remuxes a source with a further stream', () => {
    const facts = sourceFacts()
    facts.streams.push({ index: 2, type: 'other', codec: 'bin_data', cover: false, language: null })
    expect(decide(facts).passSource).toBe(false)
  })

  it('encodes to the cap by the shorter side, even and in shape', () => {
    const plan = decide(sourceFacts({ video: videoFacts({ codec: 'vp9', width: 1214, height: 2160 }) }))
    expect(renditionsOf(plan)).toMatchObject([{ name: '1080p', width: 1080, height: 1922 }])
  })

  it('takes the lower cap of preset and options', () => {
    expect(namesOf(decide(sourceFacts(), 'web', { maxHeight: 360 }))).toEqual(['360p'])
    expect(decide(sourceFacts(), 'web', { maxHeight: 2160 }).video.mode).toBe('copy')
  })

  it.each([
    ['Dolby Vision profile 5', { dolbyVisionProfile: 5 }],
    ['the colour matrix ictcp', { colourSpace: 'ictcp' }],
  ])('refuses %s, which the preset original keeps', (what, colours) => {
    const facts = sourceFacts({ video: videoFacts({ codec: 'hevc', ...colours }) })
    const refused = { code: 'UnsupportedMedia', message: expect.stringContaining(what) }
    expect(() => decide(facts)).toThrowError(expect.objectContaining(refused))
    const thumbnails = { posterFrom: 'none', storyboard: null }
    expect(decide(facts, 'original')).toMatchObject({ passSource: true, thumbnails })
  })
})

describe('original', () => {
  const inside = (container: string, codec = 'h264'): SourceFacts =>
    sourceFacts({ container, majorBrand: null, indexFirst: null, video: videoFacts({ codec }) })
  it.each<[string, SourceFacts, string]>([
    ['MP4', sourceFacts({ indexFirst: false }), 'mp4 copy copy passed'],
    ['QuickTime', sourceFacts({ majorBrand: 'qt' }), 'mov copy copy passed'],
    ['Matroska', inside('matroska,webm'), 'mkv copy copy passed'],
    ['AVI', inside('avi'), 'avi copy copy passed'],
    ['MPEG-TS', inside('mpegts'), 'mp4 copy copy made'],
    ['MPEG-TS with MPEG-2', inside('mpegts', 'mpeg2video'), 'mkv copy copy made'],
    ['FLV', inside('flv'), 'mp4 copy copy made'],
    [
      'MP3',
      sourceFacts({ container: 'mp3', video: null, audio: audioFacts({ codec: 'mp3' }) }),
      'mp3 none copy passed',
    ],
  ])('decides for %s', (_, facts, expected) => {
    expect(outline(decide(facts, 'original'))).toBe(expected)
  })

  it('takes other sound tracks along into another container', () => {
    const facts = inside('mpegts')
    facts.streams.push({ index: 2, type: 'audio', codec: 'aac', cover: false, language: null })
    expect(decide(facts, 'original').alsoCopy).toEqual([2])
  })

  it('keeps the languages of the tracks that it keeps, as far as MP4 has a way to write them', () => {
    const facts = inside('mpegts')
    const further = ['deu', 'english', 'en', 'eng=x', null]
    for (const [index, language] of further.entries())
      facts.streams.push({ index: 2 + index, type: 'audio', codec: 'aac', cover: false, language })
    expect(decide(facts, 'web')).not.toHaveProperty('languages')
    const { alsoCopy, languages } = decide(facts, 'original')
    expect({ alsoCopy, languages }).toEqual({ alsoCopy: [2, 3, 4, 5, 6], languages: { 2: 'deu' } })
  })
})

describe('stream', () => {
  it.each<[number, number, number | undefined, string[]]>([
    [1920, 1080, undefined, ['1080p', '720p', '480p', '360p', '240p']],
    [3840, 2160, undefined, ['1080p', '720p', '480p', '360p', '240p']],
    [1920, 1080, 480, ['480p', '360p', '240p']],
    [720, 1280, undefined, ['720p', '480p', '360p', '240p']],
    [1280, 540, undefined, ['540p', '360p', '240p']],
    [320, 180, undefined, ['180p']],
    [1, 1, undefined, ['16p']],
  ])('makes of %d×%d, cap %s, the ladder %j', (width, height, maxHeight, expected) => {
    const facts = sourceFacts({ video: videoFacts({ width, height }) })
    expect(namesOf(decide(facts, 'stream', { maxHeight }))).toEqual(expected)
  })

  const fitting = (changes: Partial<VideoFacts> = {}): SourceFacts =>
    sourceFacts({ video: videoFacts({ grid: { fits: true, peakBps: 5_000_000 }, ...changes }) })

  it('copies a source that fits as the largest size, and encodes those below', () => {
    const plan = decide(fitting(), 'stream')
    expect(plan.video).toMatchObject({
      mode: 'encode',
      copied: { name: '1080p', width: 1920, height: 1080, frameRate: '25/1', frames: 1_500, untagged: false },
    })
    expect(namesOf(plan)).toEqual(['720p', '480p', '360p', '240p'])
    expect(plan.reasons[0]).toContain('1080p is copied without loss')
    const encoded = decide(sourceFacts(), 'stream')
    expect(plan.hash).not.toBe(encoded.hash)
    expect(plan.weights.transcode).toBeLessThan(encoded.weights.transcode * 0.6)
    expect(plan.weights.transcode).toBeGreaterThan(0)
  })

  it('encodes nothing of a source that fits and is the only size', () => {
    const plan = decide(fitting({ width: 320, height: 180, grid: { fits: true, peakBps: 300_000 } }), 'stream')
    expect(plan.video).toMatchObject({ mode: 'copy', rung: { name: '180p', width: 320, height: 180 } })
    expect(plan).toMatchObject({ extension: 'm3u8', passSource: false, weights: { transcode: 0 } })
    expect(plan.thumbnails.storyboardFrom).toBe('keyframes')
  })

  it('has a picture tagged that does not say what it is, where it is taken for BT.709', () => {
    const untagged = { colourSpace: null, colourPrimaries: null, colourTransfer: null }
    expect(decide(fitting(untagged), 'stream').video).toMatchObject({ copied: { untagged: true } })
    expect(decide(fitting({ colourTransfer: null }), 'stream').video).toMatchObject({ copied: { untagged: true } })
    expect(decide(fitting({ ...untagged, width: 854, height: 480 }), 'stream').video).toMatchObject({ copied: null })
  })

  it.each<[string, Partial<VideoFacts>, RegExp]>([
    ['is HEVC', { codec: 'hevc' }, /hevc is not H.264/],
    ['is larger than the cap', { width: 2560, height: 1440 }, /larger than 1080 lines/],
    ['is turned', { rotation: 90, width: 1080, height: 1920 }, /turned by 90°/],
    ['is of full range', { pixelFormat: 'yuvj420p' }, /full range/],
    ['has another transfer function', { colourTransfer: 'smpte170m' }, /not BT.709/],
    ['has wide primaries', { colourPrimaries: 'bt2020' }, /not BT.709/],
    ['has twice the frames', { frameRate: '120/1' }, /more frames a second/],
    ['is longer than any level allows', { width: 8_640, height: 480 }, /not as large as/],
    ['has tiny pictures', { width: 12, height: 12 }, /not as large as its 16p/],
    [
      'is off the grid',
      { grid: { fits: false, misfit: 'boundaries' } },
      /lacks a keyframe where a segment of 4 s begins/,
    ],
    ['has open groups', { grid: { fits: false, misfit: 'groups' } }, /depend on others/],
    [
      'has a heavy segment',
      { grid: { fits: true, peakBps: 7_500_001 } },
      /needs 7.5 Mbit\/s, where 1080p should do with 5.0/,
    ],
  ])('encodes every size of a source that fits but %s', (_, changes, reason) => {
    const plan = decide(fitting(changes), 'stream')
    expect(plan.video).toMatchObject({ mode: 'encode', copied: null })
    expect(plan.reasons[0]).toMatch(reason)
  })

  it('encodes where less is wanted than there is', () => {
    expect(namesOf(decide(fitting(), 'stream', { maxHeight: 720 }))).toEqual(['720p', '480p', '360p', '240p'])
    expect(decide(fitting(), 'stream', { maxHeight: 1_080 }).video).toMatchObject({ copied: { name: '1080p' } })
  })

  it('encodes sound that begins late, as segments have to begin together', () => {
    expect(decide(sourceFacts(), 'stream').sounds[0]?.mode).toBe('copy')
    expect(decide(sourceFacts({ audio: audioFacts({ startMs: 40 }) }), 'stream').sounds[0]?.mode).toBe('encode')
  })

  it('takes sound alone', () => {
    expect(outline(decide(sourceFacts({ video: null }), 'stream'))).toBe('m3u8 none copy made')
  })

  it('caps the frame rate at 60 and keeps variable rates variable', () => {
    const rate = (frameRate: string | null): unknown => {
      const { video } = decide(sourceFacts({ video: videoFacts({ frameRate }) }), 'stream')
      return video.mode === 'encode' ? video.frameRate : undefined
    }
    expect(['30000/1001', '60000/1001', '60/1', '120/1', '240/1', null].map(rate)).toEqual([
      '30000/1001',
      '60000/1001',
      '60/1',
      '120/2',
      '240/4',
      null,
    ])
  })
})

describe('audio', () => {
  it.each<[string, Parameters<typeof audioFacts>[0], JobOptions, string]>([
    ['AAC as m4a', {}, { loudness: false }, 'm4a none copy made'],
    ['Opus as m4a', { codec: 'opus' }, {}, 'm4a none encode made'],
    ['AAC as mp3', {}, { audioFormat: 'mp3' }, 'mp3 none encode made'],
    ['Opus as opus', { codec: 'opus' }, { audioFormat: 'opus', loudness: false }, 'opus none copy made'],
  ])('makes %s', (_, changes, options, expected) => {
    expect(outline(decide(sourceFacts({ audio: audioFacts(changes) }), 'audio', options))).toBe(expected)
  })

  it('is brought to one loudness, as what others make is on request; what fits may stay a copy all the same', () => {
    const loudness = (preset: PresetName, codec: string, options: JobOptions = {}) => {
      const [audio] = decide(sourceFacts({ audio: audioFacts({ codec }) }), preset, options).sounds
      return audio?.mode === 'encode' ? audio.loudness : audio?.mode
    }
    const target = { integratedLufs: -16, truePeakDbtp: -1.5 }
    expect(loudness('audio', 'aac')).toEqual({ ...target, copyWithinLu: 1 })
    expect(loudness('audio', 'flac')).toEqual({ ...target, copyWithinLu: null })
    expect(loudness('audio', 'flac', { loudness: false })).toBeNull()
    expect(loudness('web', 'aac')).toBe('copy')
    expect(loudness('web', 'aac', { loudness: true })).toEqual({ ...target, copyWithinLu: 1 })
    expect(loudness('stream', 'flac')).toBeNull()
    expect(loudness('original', 'aac')).toBe('copy')
  })

  it('lasts as long as the sound, which may be shorter than the video', () => {
    expect(decide(sourceFacts({ audio: audioFacts({ endMs: 40_000 }) }), 'audio').durationMs).toBe(40_000)
    expect(decide(sourceFacts({ audio: audioFacts({ endMs: 40_000 }) }), 'web').durationMs).toBe(60_000)
  })

  it('refuses a source without sound', () => {
    expect(() => decide(sourceFacts({ audio: null }), 'audio')).toThrowError(
      expect.objectContaining({ code: 'UnsupportedMedia', message: 'The source has no sound.' }),
    )
  })
})

describe('thumbnails', () => {
  const of = (facts: SourceFacts, preset: PresetName = 'web') => decide(facts, preset).thumbnails
  it('cuts tiles beside an encode where keyframes are rare, and takes keyframes where they suffice', () => {
    const rare = { count: 6, medianGapMs: 10_000, longestGapMs: 10_000 }
    const frequent = { count: 120, medianGapMs: 500, longestGapMs: 500 }
    expect(of(sourceFacts({ video: videoFacts({ keyframes: rare }) }), 'stream').storyboardFrom).toBe('encode')
    expect(of(sourceFacts({ video: videoFacts({ keyframes: frequent }) }), 'stream').storyboardFrom).toBe('keyframes')
    expect(of(sourceFacts({ video: videoFacts({ keyframes: rare }) }))).toMatchObject({ storyboardFrom: 'decode' })
  })

  it('sets tiles further apart where that spares a decode', () => {
    expect(of(sourceFacts())).toMatchObject({
      storyboardFrom: 'keyframes',
      storyboard: { intervalMs: 6_000, tiles: 10 },
    })
  })

  it('looks for a poster among keyframes, unless all is short or they are few', () => {
    const few = { count: 2, medianGapMs: 30_000, longestGapMs: 30_000 }
    expect(of(sourceFacts()).posterBy).toBe('keyframes')
    expect(of(sourceFacts({ video: videoFacts({ endMs: 9_000 }) })).posterBy).toBe('decode')
    expect(of(sourceFacts({ video: videoFacts({ keyframes: few }) })).posterBy).toBe('decode')
  })

  it('shows the cover of a recording without picture, else a card, and no storyboard', () => {
    const cover = { streamIndex: 1, width: 600 }
    expect(of(sourceFacts({ video: null, cover }))).toMatchObject({
      posterFrom: 'cover',
      streamIndex: 1,
      posterWidths: [600, 300],
      storyboardFrom: 'none',
    })
    expect(of(sourceFacts({ video: null }))).toMatchObject({ posterFrom: 'none', posterWidths: [1280, 480] })
    expect(of(sourceFacts(), 'audio')).toMatchObject({ posterFrom: 'video', storyboardFrom: 'none' })
  })
})

describe('presets of other codecs and sizes', () => {
  const picture = (changes: Partial<VideoFacts>, audio = {}): SourceFacts =>
    sourceFacts({ video: videoFacts(changes), audio: audioFacts(audio) })
  const vp9 = { codec: 'vp9', profile: 'Profile 0' }
  const opus = { codec: 'opus', profile: null }
  const phone = { width: 640, height: 360, profile: 'Main', bitrateBps: 500_000 }
  it.each<[PresetName, string, SourceFacts, string]>([
    ['webm', 'H.264 and AAC', sourceFacts(), 'webm encode encode made'],
    ['webm', 'VP9 and Opus', picture(vp9, opus), 'webm copy copy made'],
    ['webm', 'VP9 of ten bits', picture({ ...vp9, profile: 'Profile 2' }, opus), 'webm encode copy made'],
    ['webm', 'VP9 that is turned', picture({ ...vp9, rotation: 90 }, opus), 'webm encode copy made'],
    ['webm', 'sound alone', sourceFacts({ video: null }), 'opus none encode made'],
    ['archive', 'H.264 and AAC', sourceFacts(), 'mkv encode encode made'],
    [
      'archive',
      'AV1 with high dynamic range and Opus',
      picture({ codec: 'av1', profile: 'Main', pixelFormat: 'yuv420p10le', dynamicRange: 'hdr10' }, opus),
      'mkv copy copy made',
    ],
    ['archive', 'sound alone', sourceFacts({ video: null }), 'mka none encode made'],
    [
      'high-quality',
      '2160 lines of H.264',
      picture({ width: 3_840, height: 2_160, level: 51 }),
      'mp4 copy copy passed',
    ],
    ['high-quality', 'HEVC', picture({ codec: 'hevc' }), 'mp4 encode copy made'],
    ['mobile', 'little H.264 of Main profile', picture(phone, { bitrateBps: 96_000 }), 'mp4 copy copy passed'],
    ['mobile', 'H.264 of High profile', picture({ ...phone, profile: 'High' }), 'mp4 encode copy made'],
    ['mobile', '50 frames a second', picture({ ...phone, frameRate: '50/1' }), 'mp4 encode copy made'],
    ['mobile', 'frames of any length', picture({ ...phone, frameRate: null }), 'mp4 encode copy made'],
    ['mobile', 'many bits', picture({ ...phone, bitrateBps: 5e6 }, { bitrateBps: 256e3 }), 'mp4 encode encode made'],
    ['mobile', 'bits that nobody counted', picture({ ...phone, bitrateBps: null }), 'mp4 encode copy made'],
  ])('%s of %s', (preset, _, facts, expected) => {
    expect(outline(decide(facts, preset))).toBe(expected)
  })

  it('halve the rate for phones', () => {
    const rates = ['50/1', '60000/1001', '30000/1001'].map((frameRate) => {
      const { video } = decide(picture({ frameRate }), 'mobile')
      return video.mode === 'encode' ? video.frameRate : null
    })
    expect(rates).toEqual(['50/2', '60000/2002', '30000/1001'])
  })

  it('keep 5.1 where it was asked to be kept, and a rate of bits for it', () => {
    const sound = (preset: PresetName, channels: number) => {
      const [audio] = decide(sourceFacts({ audio: audioFacts({ codec: 'flac', channels }) }), preset).sounds
      return audio?.mode === 'encode' && [audio.codec, audio.channels, audio.bitrateBps]
    }
    expect(sound('web', 6)).toEqual(['aac', 2, 160_000])
    expect(sound('high-quality', 6)).toEqual(['aac', 6, 512_000])
    expect(sound('archive', 8)).toEqual(['opus', 8, 341_333])
    expect(sound('archive', 5)).toEqual(['opus', 2, 128_000])
    expect(sound('small', 1)).toEqual(['aac', 1, 32_000])
  })

  it('archive takes other sound and subtitles along, and says what it leaves out', () => {
    const facts = sourceFacts()
    facts.streams.push(
      { index: 2, type: 'audio', codec: 'ac3', cover: false, language: 'deu' },
      { index: 3, type: 'subtitle', codec: 'subrip', cover: false, language: 'eng' },
      { index: 4, type: 'subtitle', codec: 'mov_text', cover: false, language: null },
      { index: 5, type: 'other', codec: 'bin_data', cover: false, language: null },
    )
    const plan = decide(facts, 'archive')
    expect(plan).toMatchObject({ alsoCopy: [2, 3], languages: { 2: 'deu', 3: 'eng' } })
    expect(plan.reasons.at(-1)).toContain('mov_text')
  })
})

const side = fc.integer({ min: 1, max: 8_000 })
const anyVideo = fc
  .record({
    width: side,
    height: side,
    codec: fc.constantFrom('h264', 'hevc', 'vp9'),
    interlaced: fc.boolean(),
    frameRate: fc.constantFrom('25/1', '30000/1001', '144/1', '1/2', null),
    endMs: fc.integer({ min: 1, max: 40_000_000 }),
    gap: fc.option(fc.integer({ min: 1, max: 60_000 })),
  })
  .map(({ gap, ...rest }) =>
    videoFacts({ ...rest, keyframes: { count: 9, medianGapMs: gap ?? null, longestGapMs: gap ?? null } }),
  )
const anyFacts = fc
  .record({ video: fc.option(anyVideo), codec: fc.constantFrom('aac', 'opus', 'mp3', 'ac3') })
  .map(({ video, codec }) => sourceFacts({ video, audio: audioFacts({ codec }) }))
const anyOptions = fc.record({ maxHeight: fc.option(fc.integer({ min: 16, max: 8_640 }), { nil: undefined }) })

describe('every plan', () => {
  it('keeps to an odd cap that a division does not give back', () => {
    expect(scaledSize({ width: 2_345, height: 2_345 }, 865)).toEqual({ width: 864, height: 864 })
  })

  it('has even renditions, falling in size, never above source or cap, each with a name of its own', () => {
    fc.assert(
      fc.property(anyFacts, fc.constantFrom(...PRESET_NAMES), anyOptions, (facts, preset, options) => {
        const plan = decide(facts, preset, options)
        const renditions = renditionsOf(plan)
        if (plan.video.mode !== 'encode' || !facts.video) return
        expect(renditions.length).toBeGreaterThan(0)
        expect(new Set(renditions.map(({ name }) => name)).size).toBe(renditions.length)
        const sides = renditions.map(({ width, height }) => Math.min(width, height))
        expect(sides).toEqual(sides.toSorted((a, b) => b - a))
        for (const { width, height } of renditions) {
          expect([width % 2, height % 2]).toEqual([0, 0])
          expect(width).toBeLessThanOrEqual(Math.max(16, facts.video.width))
          expect(height).toBeLessThanOrEqual(Math.max(16, facts.video.height))
          expect(Math.min(width, height)).toBeLessThanOrEqual(
            Math.max(16, options.maxHeight ?? PRESETS[preset].maxHeight ?? 8_000),
          )
        }
      }),
    )
  })

  it('has a storyboard that covers the whole recording and no more, on sheets of at most a hundred tiles', () => {
    fc.assert(
      fc.property(anyVideo, fc.constantFrom('web' as const, 'stream' as const), (video, preset) => {
        const { storyboard } = decide(sourceFacts({ video }), preset).thumbnails
        if (!storyboard) throw new Error('no storyboard')
        expect(storyboard.tiles * storyboard.intervalMs).toBeGreaterThanOrEqual(video.endMs)
        expect((storyboard.tiles - 1) * storyboard.intervalMs).toBeLessThan(video.endMs)
        expect(storyboard.columns * storyboard.rows).toBeLessThanOrEqual(100)
        expect([storyboard.tileWidth % 2, storyboard.tileHeight % 2]).toEqual([0, 0])
      }),
    )
  })

  it('has the same hash for the same question and another for another source, build or option', () => {
    const hash = (changes: Partial<Parameters<typeof decidePlan>[0]> = {}): string =>
      decidePlan({
        facts: sourceFacts(),
        preset: 'stream',
        options: {},
        ffmpegBuild: '9.0',
        chunkMs: 40_000,
        ...changes,
      }).hash
    const others = [
      hash({ facts: sourceFacts({ identity: 'b'.repeat(64) }) }),
      hash({ ffmpegBuild: '9.1' }),
      hash({ options: { maxHeight: 720 } }),
      hash({ preset: 'web' }),
    ]
    expect(hash()).toBe(hash())
    expect(new Set([hash(), ...others]).size).toBe(5)
  })
})
