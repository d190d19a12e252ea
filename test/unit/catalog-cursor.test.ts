import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decodeCursor, encodeCursor } from '../../catalog/cursor.ts'
import { SluiceError } from '../../contract/failures.ts'

const position = fc.record({ order: fc.string(), time: fc.maxSafeInteger(), id: fc.string({ unit: 'grapheme' }) })

describe('a cursor', () => {
  it('leads back to where the page ended, and is fit for an address', () => {
    fc.assert(
      fc.property(position, (end) => {
        const cursor = encodeCursor(end)
        expect(cursor).toMatch(/^[\w-]+$/)
        expect(decodeCursor(cursor, end.order)).toEqual(end)
      }),
    )
  })

  it('is refused by a list of another order', () => {
    fc.assert(
      fc.property(position, fc.string(), (end, order) => {
        fc.pre(order !== end.order)
        expect(() => decodeCursor(encodeCursor(end), order)).toThrow(SluiceError)
      }),
    )
  })

  it.each([
    '',
    'x',
    '?',
    'bm9wZQ',
    Buffer.from('null').toString('base64url'),
    Buffer.from('["a",1]').toString('base64url'),
    Buffer.from('["a","1","id"]').toString('base64url'),
    Buffer.from('["a",1.5,"id"]').toString('base64url'),
    Buffer.from('["a",1,null]').toString('base64url'),
  ])('is refused when it is %j', (cursor) => {
    expect(() => decodeCursor(cursor, 'a')).toThrow(expect.objectContaining({ code: 'InvalidRequest' }))
  })

  it('never does anything but lead back or be refused', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(() => decodeCursor(text, 'a')).toThrow(SluiceError)
      }),
    )
  })
})
