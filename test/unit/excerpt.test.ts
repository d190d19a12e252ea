import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decideExcerpt, endPlace, excerptFacts } from '../../activities/plan-excerpt.ts'
import { decidePlan } from '../../activities/plan-media.ts'
import { clockTime, parseClockTime } from '../../contract/clock-time.ts'
import { newJobSchema } from '../../contract/jobs.ts'
import type { JobOptions, PresetName } from '../../contract/presets.ts'
import { settingsKeyOf } from '../../contract/settings-key.ts'
import { audioFacts, sourceFacts, videoFacts } from './media-facts.ts'

const film = (frameRate: string | null = '25/1') => sourceFacts({ video: videoFacts({ frameRate }) })
const decide = (preset: PresetName, options: JobOptions, facts = film()) =>
  decidePlan({ facts, preset, options, ffmpegBuild: '9.0', chunkMs: 10_000 })

describe('the part that is wanted', () => {
  it.each<[string, JobOptions, string | null, { startMs: number; endMs: number | null } | null]>([
    ['all', {}, '25/1', null],
    ['all, said in words', { startMs: 0, endMs: 60_000 }, '25/1', null],
    ['from a frame', { startMs: 1_320 }, '25/1', { startMs: 1_320, endMs: null }],
    ['from between two frames', { startMs: 1_323 }, '25/1', { startMs: 1_360, endMs: null }],
    ['from where rounding put a frame', { startMs: 1_321 }, '25/1', { startMs: 1_320, endMs: null }],
    ['from a frame of a fraction', { startMs: 1_300 }, '30000/1001', { startMs: 1_301.3, endMs: null }],
    ['from anywhere at a variable rate', { startMs: 1_323 }, null, { startMs: 1_323, endMs: null }],
    ['to a time', { endMs: 5_000 }, '25/1', { startMs: 0, endMs: 5_000 }],
    ['to behind the end', { startMs: 40, endMs: 99_000 }, '25/1', { startMs: 40, endMs: null }],
  ])('%s', (_, options, frameRate, expected) => expect(decideExcerpt(film(frameRate), options)).toEqual(expected))

  it.each<[JobOptions, RegExp]>([
    [{ startMs: 60_000 }, /ends at 60.0 s, so nothing of it begins at 60.0 s/],
    [{ startMs: 1_325, endMs: 1_355 }, /no frame between/],
  ])('is refused where it is empty: %o', (options, sentence) => {
    expect(() => decideExcerpt(film(), options)).toThrowError(
      expect.objectContaining({ code: 'InvalidRequest', message: expect.stringMatching(sentence) }),
    )
  })

  it('has the frames from its start up to its end, and no other', () => {
    const rates = fc.constantFrom('25/1', '24000/1001', '30000/1001', '60/1')
    const times = fc.tuple(fc.integer({ min: 0, max: 59_000 }), fc.integer({ min: 200, max: 1_000 }))
    fc.assert(
      fc.property(rates, times, (frameRate, [startMs, lengthMs]) => {
        const excerpt = decideExcerpt(film(frameRate), { startMs, endMs: startMs + lengthMs })
        if (!excerpt) throw new Error('nothing was cut')
        const [numerator = 0, denominator = 1] = frameRate.split('/').map(Number)
        const frameMs = (1_000 * denominator) / numerator
        const frames = endPlace(excerpt, frameRate) ?? 0
        const lastMs = excerpt.startMs + (frames - 1) * frameMs
        // Two milliseconds are what clocks are off.
        expect(excerpt.startMs).toBeGreaterThanOrEqual(startMs - 2.001)
        expect(excerpt.startMs - frameMs).toBeLessThan(startMs)
        if (excerpt.endMs === null) return
        expect(lastMs).toBeLessThan(excerpt.endMs)
        expect(lastMs + frameMs).toBeGreaterThanOrEqual(excerpt.endMs - 2.001)
      }),
    )
  })

  it('leaves out what lies outside altogether', () => {
    const facts = sourceFacts({ video: videoFacts({ endMs: 20_000 }), audio: audioFacts({ startMs: 10_000 }) })
    expect(excerptFacts(facts, { startMs: 30_000, endMs: null })).toMatchObject({
      video: null,
      audio: { startMs: 0, endMs: 30_000 },
      durationMs: 30_000,
    })
    expect(excerptFacts(facts, { startMs: 0, endMs: 5_000 })).toMatchObject({ audio: null, durationMs: 5_000 })
  })
})

describe('a plan for a part', () => {
  const part = { startMs: 10_000, endMs: 50_000 }
  it('encodes what it would copy, in chunks that begin with the part', () => {
    const { video, sounds, durationMs, reasons } = decide('web', part)
    expect(video).toMatchObject({
      mode: 'encode',
      excerpt: { startMs: 10_000, end: 1_000, seeks: true },
      chunkStarts: [0, 200, 500, 700],
      expectedMs: 40_000,
    })
    expect(sounds[0]).toMatchObject({ mode: 'encode', originMs: 10_000, endMs: 50_000 })
    expect(durationMs).toBe(40_000)
    expect(reasons.slice(0, 2)).toEqual([
      'Of the source what lies from 10.000 s to 50.000 s.',
      'The picture is encoded: only a part of it is wanted.',
    ])
  })

  it('does not copy the largest size of a stream, nor sound that would fit', () => {
    const fitting = sourceFacts({ video: videoFacts({ grid: { fits: true, peakBps: 1_000 } }) })
    expect(decide('stream', {}, fitting).video).toMatchObject({ copied: { name: '1080p' } })
    expect(decide('stream', part, fitting).video).toMatchObject({ copied: null })
    expect(decide('audio', part).sounds[0]).toMatchObject({ mode: 'encode', loudness: { copyWithinLu: null } })
  })

  it('copies with original, into a container that can be cut', () => {
    expect(decide('original', part)).toMatchObject({ extension: 'mp4', passSource: false, video: { mode: 'copy' } })
    const matroska = sourceFacts({ container: 'matroska,webm', majorBrand: null })
    expect(decide('original', part, matroska).extension).toBe('mkv')
    const avi = sourceFacts({ container: 'avi', majorBrand: null })
    expect(decide('original', part, avi).extension).toBe('mp4')
  })

  it('takes sound alone from the millisecond', () => {
    expect(decide('audio', { startMs: 1_323 }).sounds[0]).toMatchObject({ originMs: 1_323, endMs: null })
  })

  it('is another plan and other settings than that for all of it', () => {
    expect(decide('web', part).hash).not.toBe(decide('web', { ...part, endMs: 49_000 }).hash)
    expect(settingsKeyOf('web', part)).not.toBe(settingsKeyOf('web', { startMs: 10_000 }))
    expect(settingsKeyOf('web', { startMs: 0 })).toBe(settingsKeyOf('web', {}))
  })
})

describe('times as people write them', () => {
  it.each([
    ['83', 83_000],
    ['1:23', 83_000],
    ['01:02:03.5', 3_723_500],
    [' 0:00,25 ', 250],
    ['90:00', 5_400_000],
    ['', null],
    ['1:60', null],
    ['1:99:00', null],
    ['1:2:3:4', null],
    ['-1', null],
    ['1.2345', null],
    ['soon', null],
  ])('%j', (text, ms) => expect(parseClockTime(text)).toBe(ms))

  it('are read as they are written', () => {
    fc.assert(fc.property(fc.integer({ min: 0, max: 360_000_000 }), (ms) => parseClockTime(clockTime(ms)) === ms))
    expect([0, 61_000, 3_600_050].map(clockTime)).toEqual(['0:00', '1:01', '1:00:00.05'])
  })
})

describe('a request for a part', () => {
  const issues = (options: unknown): string[] => {
    const parsed = newJobSchema.safeParse({ url: 'https://example.org/', options })
    return parsed.error?.issues.map(({ path, message }) => `${path.join('.')}: ${message}`) ?? []
  }
  it('has its end after its start', () => {
    expect(issues({ startMs: 1_000, endMs: 1_001 })).toEqual([])
    expect(issues({ startMs: 1_000, endMs: 1_000 })).toEqual(['options.endMs: has to lie after startMs'])
    expect(issues({ startMs: -1 })).toHaveLength(1)
    expect(issues({ endMs: 1.5 })).toHaveLength(1)
  })
})
