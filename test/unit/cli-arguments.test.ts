import { describe, expect, it } from 'vitest'
import { parseFlags, readSubmitFlags, SUBMIT_FLAGS } from '../../cli/arguments.ts'
import { bar, clock, size } from '../../cli/progress-text.ts'

const read = (...args: string[]) => readSubmitFlags(parseFlags(args, SUBMIT_FLAGS).values)

describe('flags of submit', () => {
  it('asks for the default preset and nothing else by itself', () => {
    expect(read()).toEqual({ preset: 'web', force: false, options: {} })
  })

  it('reads all of them', () => {
    expect(read('--preset', 'audio', '--audio-format=opus', '--max-size=1.5G', '--keep-source', '--force')).toEqual({
      preset: 'audio',
      force: true,
      options: { audioFormat: 'opus', maxSizeBytes: 1_500_000_000, keepSource: true },
    })
  })

  it('reads whether the sound is brought to one loudness', () => {
    expect(read('--loudness', 'on').options).toEqual({ loudness: true })
    expect(read('--preset=audio', '--loudness=off').options).toEqual({ loudness: false })
    expect(read('--preset=original', '--loudness=off').options).toEqual({ loudness: false })
  })

  it('reads the part that is wanted', () => {
    expect(read('--start', '1:02:03.5', '--end=1:02:04').options).toEqual({ startMs: 3_723_500, endMs: 3_724_000 })
  })

  it('takes a height where there is a picture', () => {
    expect(read('--max-height', '720').options).toEqual({ maxHeight: 720 })
  })

  it.each([
    ['500', 500],
    ['500k', 500_000],
    ['2M', 2_000_000],
    ['2MB', 2_000_000],
    ['2Mi', 2_097_152],
    ['1.5g', 1_500_000_000],
  ])('reads the size %s', (text, bytes) => expect(read('--max-size', text).options.maxSizeBytes).toBe(bytes))

  it.each([
    [['--max-size', 'huge'], 'size like 500M'],
    [['--max-size', '0'], 'size like 500M'],
    [['--max-height', '720.5'], 'whole number from 16 to 8640'],
    [['--max-height', '15'], 'whole number from 16 to 8640'],
    [['--max-height=1e99'], 'whole number from 16 to 8640'],
    [['--audio-format', 'mp3'], '--audio-format means nothing here: the preset web has no choice of audio formats'],
    [['--preset', 'audio', '--max-height', '720'], '--max-height means nothing here: the preset audio has no picture'],
    [['--start', '1:75'], 'a time like 83, 1:23 or 1:02:03.5'],
    [['--end', '-3'], 'ambiguous'],
    [['--start', '90', '--end', '1:30'], '--end has to lie after --start'],
    [['--loudness', 'loud'], 'one of on, off'],
    [['--preset', 'original', '--loudness=on'], 'the preset original keeps the sound as it is'],
    [['--max-height', '-1'], 'ambiguous'],
    [['--preset', 'best'], 'one of web, original, stream, audio'],
    [['--nonsense'], 'Unknown option'],
  ])('refuses %j with a sentence', (args, sentence) => expect(() => read(...args)).toThrow(sentence))
})

describe('what progress looks like', () => {
  it.each([
    [0, '░'.repeat(24)],
    [50, '█'.repeat(12) + '░'.repeat(12)],
    [100, '█'.repeat(24)],
    [140, '█'.repeat(24)],
    [1, '▎' + '░'.repeat(23)],
    [null, '┄'.repeat(24)],
  ])('a bar of %s', (percent, expected) => expect(bar(percent)).toBe(expected))

  it.each([
    [clock(400), '0:00'],
    [clock(42_000), '0:42'],
    [clock(3_723_000), '1:02:03'],
    [size(999), '999 B'],
    [size(1_250), '1.3 kB'],
    [size(88_000_000), '88 MB'],
  ])('%s', (text, expected) => expect(text).toBe(expected))
})
