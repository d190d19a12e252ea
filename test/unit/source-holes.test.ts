import { describe, expect, it } from 'vitest'
import type { PacketScan } from '../../tools/ffprobe-packets.ts'
import { believeHoles, isHole, leastJump } from '../../tools/source-holes.ts'

type Timed = Pick<PacketScan, 'firstPts' | 'endPts' | 'gaps'>

/** From 0 to 10,000 s, but for these. */
const stream = (...gaps: [fromS: number, toS: number][]): Timed => ({
  firstPts: 0,
  endPts: 10_000,
  gaps: gaps.map(([fromS, toS]) => ({ fromS, toS })),
})

describe('isHole', () => {
  it('is one where another stream goes on meanwhile', () => {
    expect(isHole({ fromS: 20, toS: 45 }, [stream()])).toBe(true)
    expect(isHole({ fromS: 20, toS: 45 }, [stream([100, 200])])).toBe(true)
    expect(isHole({ fromS: 20, toS: 45 }, [stream([19, 46]), stream()])).toBe(true)
  })

  it('is none where all jump, where no other has begun, and where the others are over', () => {
    expect(isHole({ fromS: 20, toS: 45 }, [])).toBe(false)
    expect(isHole({ fromS: 20, toS: 45 }, [stream([21, 44])])).toBe(false)
    expect(isHole({ fromS: 20, toS: 45 }, [{ ...stream(), firstPts: 21 }])).toBe(false)
    expect(isHole({ fromS: 20, toS: 45 }, [{ ...stream(), endPts: 44 }])).toBe(false)
    expect(isHole({ fromS: 20, toS: 45 }, [{ firstPts: null, endPts: null, gaps: [] }])).toBe(false)
  })
})

describe('leastJump', () => {
  const jump: [number, number] = [100, 5_100]

  it('is more than the longest hole, where there is one', () => {
    expect(leastJump([stream(), stream([20, 45], [60, 71])], [stream(), stream()])).toBe(26)
  })

  it('is ffmpeg’s own without a hole, and where that would do for it', () => {
    expect(leastJump([stream(), stream()], [stream(), stream()])).toBeNull()
    expect(leastJump([stream(jump), stream(jump)], [stream(), stream()])).toBeNull()
    expect(leastJump([stream(), stream([20, 29])], [stream(), stream()])).toBeNull()
  })

  it('lies between holes and jumps, as long as a length tells them apart', () => {
    expect(leastJump([stream(jump), stream([20, 45], jump)], [stream(), stream()])).toBe(26)
    expect(leastJump([stream([100, 120]), stream([20, 45], [100, 120])], [stream(), stream()])).toBeNull()
  })

  it('takes clocks that are apart from the beginning for a jump', () => {
    const late = (firstPts: number) => ({ ...stream([500, 540]), firstPts })
    expect(leastJump([stream(), late(30)], [stream(), late(0)])).toBeNull()
    expect(leastJump([stream(), late(30)], [stream(), late(30)])).toBe(41)
  })
})

describe('believeHoles', () => {
  const scan = (gaps: [number, number][], absurd: boolean) => ({ ...stream(...gaps), absurd }) as PacketScan

  it('takes nothing for absurd that is a hole', () => {
    const absurd = (...scans: PacketScan[]) => believeHoles(scans).map((each) => each.absurd)
    expect(absurd(scan([], false), scan([[10, 9_000]], true))).toEqual([false, false])
    expect(absurd(scan([[10, 9_000]], true), scan([[10, 9_000]], true))).toEqual([true, true])
  })
})
