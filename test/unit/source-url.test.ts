import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { SluiceError } from '../../contract/failures.ts'
import { parseSourceUrl } from '../../contract/source-url.ts'

describe('a source address', () => {
  test.each([
    ['not a url', 'is not a web address'],
    ['', 'is not a web address'],
    ['example.com/video', 'is not a web address'],
    ['http://', 'is not a web address'],
    ['-rf', 'is not a web address'],
    ['ftp://example.com/a.mp4', '“ftp:” are not supported'],
    ['file:///etc/passwd', '“file:” are not supported'],
    ['javascript:alert(1)', '“javascript:” are not supported'],
    ['https://user:secret@example.com/', 'user name or password'],
  ])('%s is refused', (url, sentence) => {
    expect(() => parseSourceUrl(url)).toThrow(SluiceError)
    expect(() => parseSourceUrl(url)).toThrow(sentence)
  })

  test('never quotes more of it than fits a line', () => {
    expect(() => parseSourceUrl('x'.repeat(4_000))).toThrow(/^.{0,200}$/)
  })

  test.each([
    ['HTTPS://Example.COM:443/a', 'https://example.com/a'],
    ['https://example.com/a#t=30', 'https://example.com/a'],
    ['https://example.com/a?b=2&a=1', 'https://example.com/a?a=1&b=2'],
    ['https://example.com/a?utm_source=x&v=1&fbclid=y', 'https://example.com/a?v=1'],
    ['  https://example.com/a\n', 'https://example.com/a'],
  ])('%s leads to the same as %s', (given, plain) => {
    expect(parseSourceUrl(given).normalised).toBe(parseSourceUrl(plain).normalised)
  })

  test.each([
    ['https://example.com/a', 'https://example.com/b'],
    ['https://example.com/?v=1', 'https://example.com/?v=2'],
    ['https://example.com/#!/one', 'https://example.com/#!/two'],
    ['http://example.com/', 'https://example.com/'],
  ])('%s and %s stay apart', (one, other) => {
    expect(parseSourceUrl(one).normalised).not.toBe(parseSourceUrl(other).normalised)
  })

  test('normalising twice changes nothing more', () => {
    fc.assert(
      fc.property(fc.webUrl({ withFragments: true, withQueryParameters: true, size: '-1' }), (url) => {
        const once = parseSourceUrl(url).normalised
        expect(parseSourceUrl(once).normalised).toBe(once)
      }),
    )
  })

  test('the site is the host without www', () => {
    expect(parseSourceUrl('https://www.Example.com:8443/x').site).toBe('example.com')
    expect(parseSourceUrl('http://127.0.0.1:9/x').site).toBe('127.0.0.1')
  })
})
