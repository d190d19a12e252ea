import { describe, expect, it } from 'vitest'
import { plainText } from '../../contract/plain-text.ts'

describe('plainText', () => {
  const table: [string, string, string][] = [
    ['colours', '\u001b[31mred\u001b[0m', '[31mred[0m'],
    ['a window title', '\u001b]0;owned\u0007', ']0;owned'],
    ['a bell, a backspace, a delete', 'a\u0007b\u0008c\u007fd', 'abcd'],
    ['controls of eight bits', '\u009b2Jgone\u009d', '2Jgone'],
    ['overrides of direction', 'a\u202eb\u202ac\u2066d\u2069e', 'abcde'],
    ['what has no width', 'a\u200bb\u2060c\ufeffd', 'abcd'],
    ['new lines, tabs and separators', 'a\r\nb\tc\u2028d\u0085e', 'a b c d e'],
    ['half of a pair', 'a\ud800b', 'a\ufffdb'],
  ]
  it.each(table)('takes out %s', (_, text, expected) => {
    expect(plainText(text)).toBe(expected)
  })

  it.each(['Füße – “日本語” ✓', '👩‍👩‍👧 🏴󠁧󠁢󠁥󠁮󠁧󠁿', 'می‌خواهم', 'שלום\u200f!'])('leaves %s as it is', (text) => {
    expect(plainText(text)).toBe(text)
  })
})
