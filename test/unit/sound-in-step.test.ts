import { describe, expect, it } from 'vitest'
import { inStepFilters } from '../../tools/sound-in-step.ts'
import { filteredSound } from '../../tools/ffmpeg-audio.ts'
import { audioEncode as audio } from '../audio-encode.ts'

const HOLE = { fromMs: 20_000, toMs: 45_024 }

describe('inStepFilters', () => {
  it('fills what is short as it comes', () => {
    expect(inStepFilters(audio())).toBe('aresample=async=1:first_pts=0')
    const cut = audio({ originMs: 1_500, endMs: 9_000, counted: true })
    expect(inStepFilters(cut)).toBe(
      'asetpts=N/SR/TB,atrim=start=1.5:end=9,asetpts=PTS-1.5/TB,aresample=async=1:first_pts=0',
    )
  })

  it('cuts sound in a long hole and pads what is before it', () => {
    expect(inStepFilters(audio({ holes: [HOLE] }))).toBe(
      'asegment=timestamps=32.512[cut0][cut1];' +
        '[cut0]aresample=async=1:first_pts=0,apad=whole_dur=44[filled0];' +
        '[cut1]asetpts=PTS-44/TB,aresample=async=1:first_pts=0[filled1];' +
        '[filled0][filled1]concat=n=2:v=0:a=1',
    )
  })

  it('delays what begins late', () => {
    const late = audio({ holes: [{ fromMs: 0, toMs: 30_400 }] })
    expect(inStepFilters(late)).toBe('asetpts=PTS-29/TB,aresample=async=1:first_pts=0,adelay=delays=29s:all=1')
  })

  it('leaves out holes that an excerpt is not concerned with, and counts from where it begins', () => {
    const plain = (originMs: number, endMs: number) => inStepFilters(audio({ holes: [HOLE], originMs, endMs }))
    expect(plain(50_000, 60_000)).not.toContain('asegment')
    expect(plain(1_000, 30_000)).not.toContain('asegment')
    // Less than that is filled as it comes.
    expect(plain(42_000, 60_000)).not.toContain('adelay')
    expect(plain(30_000, 60_000)).toContain('asetpts=PTS-14/TB,aresample=async=1:first_pts=0,adelay=delays=14s:all=1')
  })
})

describe('filteredSound', () => {
  it('reads a track whose shape may change through filters that count nothing', () => {
    const args = filteredSound(
      audio({ shapeChanges: true, endMs: 9_000 }),
      { source: 'in.ts', clock: { streams: [] } },
      ['aresample=async=1'],
    )
    expect(args.slice(args.indexOf('-map')).join(' ')).toBe(
      '-map 0:1 -af atrim=end=9,aformat=sample_fmts=flt:sample_rates=48000:channel_layouts=stereo ' +
        '-c:a pcm_f32le -f null - -dec 0:0 -filter_complex [dec:0]aresample=async=1[sound] -map [sound]',
    )
  })
})
