import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createProgressSum, parseFileLine, parseProgress, type FormatProgress } from '../../../tools/ytdlp-progress.ts'

describe('parseProgress', () => {
  it.each([
    [
      'SLUICE-PROGRESS part0 {"status": "downloading", "downloaded_bytes": 1024, "total_bytes": 201390, "speed": 604414.19, "eta": 0}',
      {
        formatId: 'part0',
        finished: false,
        doneBytes: 1_024,
        totalBytes: 201_390,
        estimated: false,
        bytesPerSecond: 604_414,
      },
    ],
    [
      'SLUICE-PROGRESS part1 {"status": "downloading", "downloaded_bytes": 764, "total_bytes_estimate": 3820.4, "speed": null}',
      { formatId: 'part1', finished: false, doneBytes: 764, totalBytes: 3_820, estimated: true, bytesPerSecond: null },
    ],
    [
      'SLUICE-PROGRESS part0 {"status": "downloading", "downloaded_bytes": 1024, "total_bytes": null}',
      { formatId: 'part0', finished: false, doneBytes: 1_024, totalBytes: null, estimated: true, bytesPerSecond: null },
    ],
    [
      'SLUICE-PROGRESS part0 {"status": "finished", "downloaded_bytes": 5, "total_bytes": 5, "speed": 0}',
      { formatId: 'part0', finished: true, doneBytes: 5, totalBytes: 5, estimated: false, bytesPerSecond: null },
    ],
    [
      'SLUICE-PROGRESS part0 {"status": "finished", "downloaded_bytes": "NA", "total_bytes": "NA"}',
      { formatId: 'part0', finished: true, doneBytes: 0, totalBytes: null, estimated: true, bytesPerSecond: null },
    ],
    ['[download]  10.0% of 5MiB', null],
    ['SLUICE-PROGRESS part0 {broken}', null],
    ['SLUICE-PROGRESS part0 {}', null],
    ['', null],
  ])('%s', (line, expected) => {
    expect(parseProgress(line)).toEqual(expected)
  })
})

describe('parseFileLine', () => {
  it.each([
    ['SLUICE-FILE part0 "/work/part0.mp4"', { formatId: 'part0', path: '/work/part0.mp4' }],
    ['SLUICE-FILE part0 "/work/a\\"b.mp4"', { formatId: 'part0', path: '/work/a"b.mp4' }],
    ['SLUICE-FILE part0 NA', null],
    ['part0 "/work/part0.mp4"', null],
  ])('%s', (line, expected) => {
    expect(parseFileLine(line)).toEqual(expected)
  })
})

const reading = (
  formatId: string,
  doneBytes: number,
  totalBytes: number | null,
  estimated = false,
): FormatProgress => ({
  formatId,
  finished: false,
  doneBytes,
  totalBytes,
  estimated,
  bytesPerSecond: 100,
})

describe('createProgressSum', () => {
  it('adds up what is fetched one after the other', () => {
    const addUp = createProgressSum(
      new Map([
        ['part0', 900],
        ['part1', 100],
      ]),
    )
    expect(addUp(reading('part0', 450, 900))).toMatchObject({ percent: 45, done: 450, total: 1_000, etaMs: 5_500 })
    expect(addUp(reading('part0', 900, 900))).toMatchObject({ percent: 90 })
    expect(addUp(reading('part1', 100, 100))).toMatchObject({ percent: 100, done: 1_000, etaMs: 0 })
  })

  it('invents no percent while a size is unknown', () => {
    const addUp = createProgressSum(
      new Map([
        ['part0', null],
        ['part1', null],
      ]),
    )
    expect(addUp(reading('part0', 50, 100))).toMatchObject({ percent: null, total: null, etaMs: null, done: 50 })
    expect(addUp(reading('part1', 0, 100))).toMatchObject({ percent: 25, total: 200 })
  })

  it('takes what the server says for what the site guessed', () => {
    const addUp = createProgressSum(new Map([['part0', 80]]))
    expect(addUp(reading('part0', 40, 100))).toMatchObject({ total: 100, percent: 40 })
  })

  it('never counts back and never passes 100', () => {
    const step = fc.record({
      part: fc.constantFrom('part0', 'part1'),
      done: fc.nat(1_000),
      total: fc.option(fc.nat(1_000)),
      estimated: fc.boolean(),
    })
    fc.assert(
      fc.property(fc.array(step), (steps) => {
        const addUp = createProgressSum(
          new Map([
            ['part0', 10],
            ['part1', null],
          ]),
        )
        let before = 0
        for (const { part, done, total, estimated } of steps) {
          const sum = addUp(reading(part, done, total, estimated))
          expect(sum.done).toBeGreaterThanOrEqual(before)
          expect(sum.percent ?? 0).toBeLessThanOrEqual(100)
          before = sum.done
        }
      }),
    )
  })
})
