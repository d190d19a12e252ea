import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decideChunks } from '../../activities/plan-chunks.ts'
import type { StoryboardGeometry, VideoEncode } from '../../contract/plan.ts'
import type { SourceFacts } from '../../contract/source-facts.ts'
import { chunkOf, secondsAt, tilesIn } from '../../tools/encode-chunk.ts'
import { keyframeGrid } from '../../tools/keyframe-grid.ts'
import { sourceFacts, videoFacts } from './media-facts.ts'

const CHUNK_MS = 40_000
const HOUR_MS = 3_600_000

const decide = (facts: SourceFacts, frameRate: string | null = '25/1', chunkMs = CHUNK_MS) => {
  if (!facts.video) throw new Error('no picture')
  return decideChunks({ facts, video: facts.video, frameRate, chunkMs })
}
const lasting = (endMs: number, changes = {}) => sourceFacts({ video: videoFacts({ endMs, ...changes }) })

const rates = fc.constantFrom('24000/1001', '24/1', '25/1', '30000/1001', '30/1', '50/1', '60000/1001', '60/1', '10/1')
const lengths = fc.integer({ min: 1_000, max: 12 * HOUR_MS })

describe('where an encode is cut', () => {
  it('is where segments begin, in pieces of 30 to 60 s as long as there are not too many', () => {
    fc.assert(
      fc.property(rates, lengths, (rate, endMs) => {
        const { starts } = decide(lasting(endMs), rate)
        const { startsSegment, frameSeconds } = keyframeGrid(rate)
        expect(starts[0]).toBe(0)
        expect(starts.every(startsSegment)).toBe(true)
        const ends = [...starts.slice(1), endMs / 1_000 / frameSeconds]
        const seconds = ends.map((end, index) => (end - (starts[index] ?? 0)) * frameSeconds)
        // A boundary is moved by the length of a segment at most.
        const shortest = starts.length === 1 ? 0 : 30 - 4.1
        const longest = endMs < 2 * HOUR_MS ? 60 + 4.1 : Infinity
        expect(Math.min(...seconds)).toBeGreaterThan(shortest)
        expect(Math.max(...seconds)).toBeLessThan(longest)
        expect(starts.length).toBeLessThanOrEqual(240)
      }),
    )
  })

  it.each([
    ['short', lasting(59_000), '25/1', 'it is short'],
    ['without an index', { ...lasting(HOUR_MS), container: 'mxf' }, '25/1', 'mxf has no index of its keyframes'],
    [
      'without times',
      { ...lasting(HOUR_MS, { timed: 'none' }), container: 'avi' },
      '25/1',
      'avi does not say of each frame when it is shown',
    ],
    [
      'of a codec that no index knows',
      { ...lasting(HOUR_MS, { codec: 'dirac' }), container: 'mpegts' },
      '25/1',
      "dirac can't be copied to be cut",
    ],
    ['of slides', lasting(HOUR_MS, { longestFrameMs: HOUR_MS / 5 }), null, 'its frames last too long to cut it'],
    [
      'with one keyframe',
      lasting(2 * HOUR_MS, { keyframes: { count: 1, medianGapMs: null, longestGapMs: null } }),
      '25/1',
      'it has one keyframe only',
    ],
    [
      'with two pictures',
      {
        ...lasting(HOUR_MS),
        streams: [0, 1].map((index) => ({
          index,
          type: 'video' as const,
          codec: 'h264',
          cover: false,
          language: null,
        })),
      },
      '25/1',
      'it has several pictures',
    ],
  ])('is nowhere in a source that is %s, and the plan says so', (_what, facts, rate, why) => {
    const reason = `It is encoded in one piece: ${why}.`
    expect(decide(facts, rate)).toEqual({ starts: [0], fromCopy: false, reason })
  })

  it.each([
    ['a transport stream', { container: 'mpegts' }],
    ['fragments', { fragmented: true }],
  ])('is in a copy with an index of %s', (_what, changes) => {
    const { fromCopy, reason } = decide({ ...lasting(80_000), ...changes })
    expect(fromCopy).toBe(true)
    expect(reason).toBe('It is encoded in 2 chunks of about 40 s, read from a copy with an index.')
  })

  it('is at whole segments of time where frames last differently long', () => {
    expect(decide(lasting(130_000), null).starts).toEqual([0, 40_000, 84_000])
    const slides = lasting(HOUR_MS, { longestFrameMs: 60_000 })
    expect(decide(slides, null).starts).toHaveLength(15)
  })

  it('leaves longer pieces where keyframes are rarer than chunks', () => {
    const keyframes = { count: 24, medianGapMs: 300_000, longestGapMs: 300_000 }
    const { starts, reason } = decide(lasting(2 * HOUR_MS, { keyframes }))
    expect(starts).toHaveLength(24)
    expect(reason).toBe('It is encoded in 24 chunks of about 300 s.')
  })
})

describe('the tiles of chunks', () => {
  it('are those of the whole, each once', () => {
    fc.assert(
      fc.property(rates, lengths, fc.integer({ min: 1, max: 60 }), (frameRate, endMs, seconds) => {
        const chunkStarts = decide(lasting(endMs), frameRate).starts
        const video = { frameRate, chunkStarts } as VideoEncode
        const tiles = Math.ceil(endMs / (seconds * 1_000))
        const storyboard = { intervalMs: seconds * 1_000, tiles } as StoryboardGeometry
        const all = chunkStarts.flatMap((_, index) => {
          const { first, count } = tilesIn(video, chunkOf(video, index), storyboard)
          return Array.from({ length: count }, (_tile, tile) => first + tile)
        })
        expect(all).toEqual(Array.from({ length: tiles }, (_, tile) => tile))
      }),
    )
  })
})

it('tells when a frame is shown', () => {
  expect(secondsAt({ frameRate: '30000/1001' }, 30_000)).toBe(1_001)
  expect(secondsAt({ frameRate: null }, 0)).toBe(0)
})
