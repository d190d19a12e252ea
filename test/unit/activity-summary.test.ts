import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { summaryText } from '../../contract/activity-summary.ts'

describe('summaryText', () => {
  it.each([
    ['short', 'short'],
    [' two\n lines ', 'two lines'],
    ['a'.repeat(398), 'a'.repeat(398)],
    ['a'.repeat(399), `${'a'.repeat(395)}…`],
    ['👩'.repeat(120), `${'👩'.repeat(98)}…`],
  ])('of %j', (text, expected) => expect(summaryText(text)).toBe(expected))

  it('fits into what Temporal takes, whatever the text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 600 }), (text) => {
        const summary = summaryText(text)
        expect(Buffer.byteLength(JSON.stringify(summary))).toBeLessThanOrEqual(400)
        expect(text.replaceAll(/\s+/g, ' ').trim().startsWith(summary.replace(/…$/, ''))).toBe(true)
      }),
    )
  })
})
