import { describe, expect, it } from 'vitest'
import { heedableRange } from '../../api/http/byte-range.ts'

describe('heedableRange', () => {
  const table: [string | undefined, string | undefined][] = [
    [undefined, undefined],
    ['bytes=-11', 'bytes=0-'],
    ['bytes=-99999999999999999999', 'bytes=0-'],
    ['bytes=-10', 'bytes=-10'],
    ['bytes=-0', 'bytes=-0'],
    ['bytes=2-40', 'bytes=2-40'],
    ['bytes=0-1, -11', 'bytes=0-1, 0-'],
    ['bytes=0-1,-3', 'bytes=0-1,-3'],
    ['bytes=--11', 'bytes=--11'],
  ]
  it.each(table)('makes of %s for ten bytes %s', (header, expected) => {
    expect(heedableRange('GET', header, 10)).toBe(expected)
  })

  it('heeds none where only the head is asked for', () => {
    expect(heedableRange('HEAD', 'bytes=2-4', 10)).toBeUndefined()
  })
})
