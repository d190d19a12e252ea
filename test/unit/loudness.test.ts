import { describe, expect, it } from 'vitest'
import { decideLevel, decideOffset } from '../../activities/plan-level.ts'
import { LOUDNESS_TARGET, type MeasuredLoudness } from '../../contract/loudness.ts'
import { settingsKeyOf } from '../../contract/settings-key.ts'
import { createLoudnessParser, levelFilters } from '../../tools/ffmpeg-loudness.ts'

const SUMMARY = `[Parsed_ebur128_2 @ 0x7f377c013b40] Summary:

  Integrated loudness:
    I:         -25.6 LUFS
    Threshold: -35.7 LUFS

  Loudness range:
    LRA:         4.1 LU
    Threshold: -45.6 LUFS
    LRA low:   -27.7 LUFS
    LRA high:  -23.6 LUFS

  True peak:
    Peak:      -13.9 dBFS
[out#0/null @ 0x564a18a6b180] video:0KiB audio:112500KiB`

const read = (text: string): MeasuredLoudness | null => {
  const parser = createLoudnessParser()
  for (const line of text.split('\n')) parser.read(line)
  return parser.result()
}

const measured = (integratedLufs: number | null, truePeakDbtp: number | null): MeasuredLoudness => ({
  integratedLufs,
  truePeakDbtp,
  thresholdLufs: -40,
  rangeLu: 4,
})

describe('the summary of the measurement', () => {
  it('is read whole', () => {
    expect(read(SUMMARY)).toEqual({ integratedLufs: -25.6, thresholdLufs: -35.7, rangeLu: 4.1, truePeakDbtp: -13.9 })
  })

  it('says of silence that it is silence', () => {
    const silence = SUMMARY.replace('-25.6', '-70.0').replace('-13.9', '-inf')
    expect(read(silence)).toMatchObject({ integratedLufs: null, truePeakDbtp: null })
  })

  it('is nothing where it is not there', () => expect(read('frame=1\nI am: -3 LUFS')).toBeNull())
})

describe('what is done about loudness', () => {
  const target = { ...LOUDNESS_TARGET, copyWithinLu: null }
  const fitting = { ...target, copyWithinLu: 1 }
  it.each<[string, MeasuredLoudness, typeof target | typeof fitting, number | null, string, boolean, string[]]>([
    ['quiet', measured(-30, -20), target, 60_000, 'gain', false, ['volume=14.0dB']],
    ['loud', measured(-9.2, 0.3), target, 60_000, 'gain', false, ['volume=-6.8dB']],
    ['quiet up to the limit', measured(-20, -6), target, 60_000, 'gain', false, ['volume=4.0dB']],
    [
      'quiet with peaks',
      measured(-20, -5.4),
      target,
      60_000,
      'compressed',
      false,
      [expect.stringMatching(/^loudnorm=I=-16:TP=-2:/)],
    ],
    ['right', measured(-16.4, -3), target, 60_000, 'none', false, []],
    [
      'right but for its peaks',
      measured(-16, -0.2),
      target,
      60_000,
      'compressed',
      false,
      [expect.stringContaining('loudnorm')],
    ],
    ['right, and could be copied', measured(-16.9, -1.1), fitting, 60_000, 'none', true, []],
    ['nearly right', measured(-17.1, -9), fitting, 60_000, 'gain', false, ['volume=1.1dB']],
    [
      'right, with peaks',
      measured(-16, 0),
      fitting,
      60_000,
      'compressed',
      false,
      [expect.stringContaining('loudnorm')],
    ],
    ['silent', measured(null, null), target, 60_000, 'none', false, []],
    ['short', measured(-30, -20), fitting, 2_999, 'none', true, []],
    ['of unknown length', measured(-30, -20), target, null, 'gain', false, ['volume=14.0dB']],
  ])('%s', (_, found, plan, durationMs, change, copied, filters) => {
    const loudness = decideLevel(found, plan, durationMs)
    expect(loudness).toMatchObject({ change, copied })
    expect(loudness.reason).toMatch(/^The sound .*\.$/)
    expect(levelFilters(loudness, plan)).toEqual(filters)
  })

  it('gives back what compressing took, within bounds', () => {
    const short = [-18.3, -16, -15, -40, null].map((lufs) => decideOffset(measured(lufs, -1.5), target))
    expect(short.map((offset) => Math.round(offset * 10) / 10)).toEqual([2.3, 0, 0, 6, 0])
  })
})

describe('the same settings', () => {
  it('are those with the same loudness', () => {
    expect(settingsKeyOf('audio', {})).toBe(settingsKeyOf('audio', { loudness: true }))
    expect(settingsKeyOf('audio', {})).not.toBe(settingsKeyOf('audio', { loudness: false }))
    expect(settingsKeyOf('web', {})).not.toBe(settingsKeyOf('web', { loudness: true }))
    expect(settingsKeyOf('original', {})).toBe(settingsKeyOf('original', { loudness: false }))
  })
})
