import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { checkAligned } from '../../activities/rungs-aligned.ts'
import { createGridScan, type TimedPacket } from '../../tools/ffprobe-grid.ts'
import { framesPerGroup, keyframeGrid } from '../../tools/keyframe-grid.ts'

describe('the grid', () => {
  it.each([
    ['25/1', 50],
    ['30000/1001', 60],
    ['24000/1001', 48],
    ['60/1', 120],
    ['1/10', 1],
  ])('of %s has a keyframe every %i frames', (rate, frames) => {
    expect(framesPerGroup(rate, 2_000)).toBe(frames)
  })

  it('begins a segment with every other keyframe, as long as groups last exactly 2 s', () => {
    const { startsSegment } = keyframeGrid('25/1')
    expect([0, 50, 100, 150, 200, 1_000_000].map(startsSegment)).toEqual([true, false, true, false, true, true])
  })

  it('begins segments where the packager was seen to at 30000/1001, which drifts by a group in half an hour', () => {
    const { startsSegment, framesPerGroup: group } = keyframeGrid('30000/1001')
    const groups = Array.from({ length: 2_148 }, (_, index) => index)
    const starts = groups.filter((index) => startsSegment(index * group))
    const short = starts.filter((start, index) => start - (starts[index - 1] ?? -2) === 1)
    expect(short).toEqual([1_001, 2_000])
    expect(starts).toHaveLength(1_075)
  })
})

const RATE = '30000/1001'
const SECONDS = 1_001 / 30_000
/** As ffprobe prints it. */
const printed = (frame: number): number => Number((frame * SECONDS).toFixed(6))

interface Shape {
  frames?: number
  group?: number
  /** Frames that the first one is decoded before it is shown. */
  delay?: number
  /** Frame numbers in the order of the file, where it is not that of showing. */
  order?: readonly number[]
}

const packetsOf = ({ frames = 300, group = 60, delay = 0, order }: Shape = {}): TimedPacket[] =>
  (order ?? Array.from({ length: frames }, (_, frame) => frame)).map((frame, index) => ({
    pts: printed(frame),
    dts: printed(index - delay),
    duration: printed(1),
    sizeBytes: 1_000,
    key: frame % group === 0,
    hidden: false,
  }))

const fitOf = (packets: readonly TimedPacket[]) => {
  const scan = createGridScan(keyframeGrid(RATE))
  for (const packet of packets) scan.add(packet)
  return scan.result()
}
const changed = (index: number, change: Partial<TimedPacket>, shape?: Shape): TimedPacket[] =>
  packetsOf(shape).map((packet, at) => (at === index ? { ...packet, ...change } : packet))
/** Groups of four: the first and the last of three others before those between them. */
const reordered = (frames: number): number[] =>
  Array.from({ length: frames }, (_, at) => 4 * Math.floor(at / 4) + ([0, 3, 1, 2][at % 4] ?? 0))

describe('a picture on the grid', () => {
  it.each<[string, TimedPacket[]]>([
    ['in order', packetsOf()],
    ['with B-frames', packetsOf({ delay: 2, order: reordered(300) })],
    ['with keyframes only where segments begin', packetsOf({ group: 120 })],
    ['shorter than a group', packetsOf({ frames: 1 })],
    ['hours later', packetsOf({ frames: 500_000 })],
  ])('fits %s', (_, packets) => {
    expect(fitOf(packets)).toMatchObject({ fits: true })
  })

  it.each<[string, TimedPacket[], string]>([
    ['nothing', [], 'start'],
    ['a late start', packetsOf().slice(1), 'start'],
    ['no keyframe in front', changed(0, { key: false }), 'start'],
    ['a deep order', packetsOf({ delay: 3 }), 'reordered'],
    ['no decoding times', changed(0, { dts: Number.NaN }), 'reordered'],
    ['a hidden frame', changed(7, { hidden: true }), 'hidden'],
    ['no time', changed(7, { pts: Number.NaN }), 'times'],
    ['a time that is a millisecond off', changed(7, { pts: printed(7) + 0.001 }), 'times'],
    ['a decoding time that is off', changed(7, { dts: printed(7) - 0.001 }), 'times'],
    ['a long frame', changed(299, { duration: 2 * SECONDS }), 'times'],
    ['a frame twice', changed(7, { pts: printed(6) }), 'times'],
    ['a frame missing at the end', changed(299, { pts: printed(300) }), 'times'],
    ['a scene cut', changed(70, { key: true }), 'keyframes'],
    ['groups of another length', packetsOf({ group: 45 }), 'keyframes'],
    ['no keyframe at 4 s', packetsOf({ group: 180 }), 'boundaries'],
    ['no keyframe at all', packetsOf({ group: 9_999 }), 'boundaries'],
    ['keyframes every 4 s, which drift off the segments', packetsOf({ frames: 70_000, group: 120 }), 'boundaries'],
    [
      'a picture after a keyframe that is shown before it',
      packetsOf({ delay: 2, order: [...Array.from({ length: 59 }).keys(), 60, 59, 61] }),
      'groups',
    ],
  ])('does not fit for %s', (_, packets, misfit) => {
    expect(fitOf(packets)).toEqual({ fits: false, misfit })
  })

  it('never fits with any one frame missing, whatever the order', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 298 }), fc.boolean(), (lost, mixed) => {
        const packets = packetsOf(mixed ? { delay: 2, order: reordered(300) } : {})
        expect(fitOf(packets.filter((_, index) => index !== lost)).fits).toBe(false)
      }),
    )
  })

  it('needs at most what its largest segment does; a short end does not count', () => {
    const packets = packetsOf({ frames: 250 })
    const large = (frame: number): TimedPacket[] =>
      packets.map((packet, index) => (index === frame ? { ...packet, sizeBytes: 1_000_000 } : packet))
    const segmentS = 120 * SECONDS
    expect(fitOf(packets)).toEqual({ fits: true, peakBps: Math.round((8 * 120_000) / segmentS) })
    expect(fitOf(large(125))).toEqual({ fits: true, peakBps: Math.round((8 * 1_119_000) / segmentS) })
    expect(fitOf(large(249))).toEqual(fitOf(packets))
  })
})

describe('sizes of a stream', () => {
  it('have to begin and end their segments together', async () => {
    const dir = await mkdtemp(join(tmpdir(), 'sluice-aligned-'))
    try {
      const playlist = async (name: string, ...lengths: string[]): Promise<void> => {
        await mkdir(join(dir, name))
        await writeFile(join(dir, name, 'index.m3u8'), lengths.map((length) => `#EXTINF:${length},\n1.m4s\n`).join(''))
      }
      await playlist('a', '4.000', '1.000')
      await playlist('b', '4.000', '1.000')
      await playlist('c', '4.004', '0.996')
      await expect(checkAligned(dir, ['a', 'b'])).resolves.toBeUndefined()
      await expect(checkAligned(dir, ['a', 'b', 'c'])).rejects.toMatchObject({ code: 'OutputInvalid' })
    } finally {
      await rm(dir, { recursive: true })
    }
  })
})
