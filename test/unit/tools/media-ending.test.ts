import { describe, expect, it } from 'vitest'
import { safeEnding } from '../../../tools/media-ending.ts'

describe('safeEnding', () => {
  it.each([
    ['mp4', 'mp4'],
    ['MOV', 'mov'],
    ['unknown_video', 'bin'],
    ['php', 'bin'],
    ['exe', 'bin'],
    ['../x', 'bin'],
    ['', 'bin'],
    [null, 'bin'],
  ])('of %s is %s', (ending, expected) => {
    expect(safeEnding(ending)).toBe(expected)
  })
})
