import { describe, expect, it } from 'vitest'
import { blame } from '../chaos/blame.ts'

const two = (): number => 2

describe('the blame for what was encoded again', () => {
  it('is the last fault’s', () => {
    expect(blame([[1, 2, 3], [4]], two)).toEqual([3, 4])
  })

  it('is another’s where that one has cost all that it can', () => {
    // What the first cut off is begun again only when the second has begun, and cut off by it.
    const candidates = [[1, 2], [1, 2], [2], [2]]
    expect(blame(candidates, two)).toEqual([1, 1, 2, 2])
  })

  it('moves along a chain of them', () => {
    expect(blame([[1, 2], [2, 3], [3]], () => 1)).toEqual([1, 2, 3])
  })

  it('is one fault’s for more than it can cost where no other comes into question', () => {
    expect(blame([[1, 2], [2], [2], [2]], two)).toEqual([1, 2, 2, 2])
  })

  it('is nobody’s where nothing happened', () => {
    expect(blame([[], [1]], two)).toEqual([null, 1])
  })
})
