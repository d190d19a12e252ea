import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createLineSplitter } from '../../../tools/spawn-lines.ts'
import { commandLine, redact } from '../../../tools/spawn-redact.ts'

describe('redact', () => {
  it.each([
    ['GET https://a.example/v.mp4?token=1&x=2 HTTP', 'GET https://a.example/v.mp4?… HTTP'],
    ['http://user:pw@127.0.0.1:80/', 'http://…@127.0.0.1:80/'],
    ['see https://a.example/x#access_token=abc', 'see https://a.example/x?…'],
    ['Cookie: session=abc; b=2', 'Cookie: …'],
    ['Authorization: Bearer ey.J', 'Authorization: …'],
    ['password=hunter2 next', 'password=… next'],
    ['frame=10 fps=25 https://a.example/plain', 'frame=10 fps=25 https://a.example/plain'],
  ])('%s', (text, kept) => {
    expect(redact(text)).toBe(kept)
  })
})

describe('commandLine', () => {
  it('can be pasted and holds no secrets', () => {
    const line = commandLine('/usr/bin/ffmpeg', [
      '-i',
      "it's a clip.mp4",
      '-vf',
      'scale=-2:720',
      'https://h.example/?k=1',
    ])
    expect(line).toBe(`/usr/bin/ffmpeg -i 'it'\\''s a clip.mp4' -vf scale=-2:720 'https://h.example/?…'`)
  })
})

describe('createLineSplitter', () => {
  it('finds the same lines however the bytes are cut', () => {
    const line = fc.string({ unit: 'grapheme', minLength: 1 }).filter((text) => !/[\r\n]/.test(text))
    fc.assert(
      fc.property(
        fc.array(line),
        fc.array(fc.nat(7), { minLength: 1 }),
        fc.constantFrom('\n', '\r', '\r\n'),
        (lines, cuts, end) => {
          const found: string[] = []
          const splitter = createLineSplitter((text) => found.push(text))
          const bytes = Buffer.from(lines.join(end))
          for (let at = 0, turn = 0; at < bytes.length; turn += 1) {
            const next = at + 1 + (cuts[turn % cuts.length] ?? 0)
            splitter.write(bytes.subarray(at, next))
            at = next
          }
          splitter.end()
          expect(found).toEqual(lines)
        },
      ),
    )
  })

  it('hands a line without end on in pieces', () => {
    const found: string[] = []
    const splitter = createLineSplitter((text) => found.push(text))
    for (let n = 0; n < 100; n += 1) splitter.write(Buffer.alloc(1_024, 'x'))
    expect(found.length).toBeGreaterThan(0)
  })
})
