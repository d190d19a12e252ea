import { describe, expect, it } from 'vitest'
import { plainTitle } from '../../contract/plain-title.ts'

describe('plainTitle', () => {
  const table: [string, string, string][] = [
    ['colours and a bell', ' \u001b[31mA film\u0007\u001b[0m ', '[31mA film[0m'],
    ['overrides of direction', 'film\u202egpj.exe\u2066', 'filmgpj.exe'],
    ['several lines', 'one\r\n\t two\u2028three', 'one two three'],
    ['half of a pair', 'a\ud83d', 'a\ufffd'],
    ['nothing but controls', '\u0000 \u009b\u200b ', ''],
  ]
  it.each(table)('makes a line of text of %s', (_, text, expected) => {
    expect(plainTitle(text)).toBe(expected)
  })

  it.each(['👩‍👩‍👧 family', 'שלום עולם', 'مرحبا', '🎬'.repeat(400)])('leaves %s as it is', (text) => {
    expect(plainTitle(text)).toBe(text)
  })

  it('cuts between characters', () => {
    expect(plainTitle('x'.repeat(501))).toBe(`${'x'.repeat(499)}…`)
    expect(plainTitle('👩‍👩‍👧'.repeat(200))).toBe(`${'👩‍👩‍👧'.repeat(99)}…`)
    expect(plainTitle(`a${'\u0301'.repeat(1_000_000)}`)).toBe('…')
  })
})
