import { describe, expect, it } from 'vitest'
import { contentRangeOf, representationOf } from '../../../tools/http-representation.ts'

describe('representationOf', () => {
  const date = 'Mon, 23 Nov 2026 10:00:00 GMT'
  it.each([
    ['a strong ETag', { etag: '"abc"', 'last-modified': 'Sun, 22 Nov 2026 10:00:00 GMT', date }, '"abc"'],
    ['a weak ETag', { etag: 'W/"abc"', 'last-modified': 'Sun, 22 Nov 2026 10:00:00 GMT', date }, null],
    ['an ETag without quotes', { etag: 'abc' }, null],
    ['a date', { 'last-modified': 'Sun, 22 Nov 2026 10:00:00 GMT', date }, 'Sun, 22 Nov 2026 10:00:00 GMT'],
    ['a date of this second', { 'last-modified': date, date }, null],
    ['a date by no clock', { 'last-modified': 'Sun, 22 Nov 2026 10:00:00 GMT' }, null],
    ['a date that is none', { 'last-modified': 'yesterday', date }, null],
    ['nothing', {}, null],
  ])('validates by %s', (_what, headers, validator) => {
    expect(representationOf(headers).validator).toBe(validator)
  })

  it('reads size and type', () => {
    const headers = { 'content-length': '12', 'content-type': 'Video/MP4; codecs=x' }
    expect(representationOf(headers)).toMatchObject({ sizeBytes: 12, contentType: 'video/mp4' })
    expect(representationOf({ 'content-length': '-1' })).toMatchObject({
      sizeBytes: null,
      contentType: '',
      encoded: false,
    })
  })

  it('does not take the size of what is packed for that of the file', () => {
    const packed = { 'content-encoding': 'gzip', 'content-length': '12' }
    expect(representationOf(packed)).toMatchObject({ encoded: true, sizeBytes: null })
    expect(representationOf({ 'content-encoding': 'identity' }).encoded).toBe(false)
  })
})

describe('contentRangeOf', () => {
  it.each([
    ['bytes 5-9/10', { start: 5, totalBytes: 10 }],
    ['bytes 5-9/*', { start: 5, totalBytes: null }],
    ['bytes */10', null],
    ['items 5-9/10', null],
    [undefined, null],
  ])('reads %s', (value, expected) => {
    expect(contentRangeOf({ 'content-range': value })).toEqual(expected)
  })
})
