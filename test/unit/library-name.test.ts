import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { libraryName, numberedName } from '../../storage/library-name.ts'

const nameOf = (title: string, uploader: string | null = 'Someone') =>
  libraryName({ uploader, site: 'example.org', title, id: 'abc123' })

describe('libraryName', () => {
  it.each([
    ['A plain title', 'Someone/A plain title [abc123]'],
    ['../../x', 'Someone/_.._x [abc123]'],
    ['-rf', 'Someone/rf [abc123]'],
    ['.hidden', 'Someone/hidden [abc123]'],
    ['what? a: "title" <b>|*', 'Someone/what_ a_ _title_ _b___ [abc123]'],
    ['Part #2', 'Someone/Part _2 [abc123]'],
    ['tab\tand\nline', 'Someone/tab_and_line [abc123]'],
    ['dots...', 'Someone/dots [abc123]'],
    ['', 'Someone/_ [abc123]'],
    ['\u202Egpj.exe', 'Someone/_gpj.exe [abc123]'],
    ['e\u0301te\u0301', 'Someone/\u00e9t\u00e9 [abc123]'],
  ])('%j becomes %j', (title, name) => expect(nameOf(title)).toBe(name))

  it('falls back to the site, then to a folder of its own', () => {
    expect(nameOf('t', null)).toBe('example.org/t [abc123]')
    expect(libraryName({ uploader: null, site: null, title: 't', id: 'i' })).toBe('Local files/t [i]')
  })

  it('does not give a folder the name of a device', () => expect(nameOf('t', 'con')).toBe('_con/t [abc123]'))

  it('cuts 400 emoji between emoji', () => {
    const [, name] = nameOf('👩‍👩‍👧‍👦'.repeat(400)).split('/')
    expect(name).toMatch(/^(👩‍👩‍👧‍👦)+ \[abc123\]$/u)
    expect(Buffer.byteLength(`${name} (stream 999).webm`)).toBeLessThanOrEqual(255)
  })

  it('is two safe components, whatever the parts', () => {
    const text = fc.oneof(fc.string({ unit: 'binary' }), fc.string({ unit: 'grapheme', maxLength: 600 }))
    fc.assert(
      fc.property(text, text, text, (title, uploader, id) => {
        const parts = libraryName({ uploader, site: null, title, id }).split('/')
        expect(parts).toHaveLength(2)
        for (const part of parts) {
          expect(part).not.toMatch(/^[.-]|[\s.]$|[\p{Cc}\\:*?"<>|#]/u)
          expect(part.length).toBeGreaterThan(0)
          expect(Buffer.byteLength(part) + ' (stream 999).webm'.length).toBeLessThanOrEqual(255)
        }
      }),
    )
  })
})

describe('numberedName', () => {
  it.each([
    [1, 'a'],
    [2, 'a (web)'],
    [3, 'a (web 2)'],
  ])('attempt %i', (attempt, name) => expect(numberedName('a', 'web', attempt)).toBe(name))
})
