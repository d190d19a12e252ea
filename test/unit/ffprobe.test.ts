import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { displayedSize, parseProbeAnswer, rotationOf } from '../../tools/ffprobe-answer.ts'
import { mainAudio, mainVideo, sourceFacts, statedFrameSeconds } from '../../tools/ffprobe-facts.ts'
import { createPacketScan } from '../../tools/ffprobe-packets.ts'
import { summarise } from '../../tools/ffprobe-summary.ts'
import { parseIdetLine } from '../../tools/ffmpeg-idet.ts'

const unmeasured = { fits: false, misfit: 'unmeasured' } as const
const video = { index: 0, codec_type: 'video', codec_name: 'h264', width: 1440, height: 1080 }
const audio = { index: 1, codec_type: 'audio', codec_name: 'aac', channels: 2, sample_rate: '48000' }
const answerOf = (...streams: object[]) =>
  parseProbeAnswer({
    streams,
    format: { format_name: 'matroska,webm', duration: '10.5', size: '1000', start_time: '1.400' },
  })
const streamOf = (fields: object) => {
  const [stream] = answerOf({ ...video, ...fields }).streams
  if (!stream) throw new Error('no stream')
  return stream
}
const turned = (rotation: number) => ({ side_data_list: [{ side_data_type: 'Display Matrix', rotation }] })

describe('displayed size', () => {
  it.each<[string, object, { width: number; height: number }]>([
    ['square pixels', { sample_aspect_ratio: '1:1' }, { width: 1440, height: 1080 }],
    ['no word on pixels', {}, { width: 1440, height: 1080 }],
    ['unknown pixels', { sample_aspect_ratio: '0:1' }, { width: 1440, height: 1080 }],
    ['oblong pixels', { sample_aspect_ratio: '4:3' }, { width: 1920, height: 1080 }],
    ['a quarter turn', turned(-90), { width: 1080, height: 1440 }],
    ['half a turn', turned(180), { width: 1440, height: 1080 }],
    ['oblong pixels and a turn', { sample_aspect_ratio: '4:3', ...turned(90) }, { width: 1080, height: 1920 }],
  ])('applies %s', (_, fields, expected) => {
    expect(displayedSize(streamOf(fields))).toEqual(expected)
  })

  it('counts rotation from 0 to 359', () => {
    expect([-90, 0, 270, -180].map((angle) => rotationOf(streamOf(turned(angle))))).toEqual([270, 0, 270, 180])
  })
})

describe('streams', () => {
  const cover = { ...video, index: 2, codec_name: 'mjpeg', width: 3000, height: 3000, disposition: { attached_pic: 1 } }
  it('never takes cover art for the picture', () => {
    expect(mainVideo(answerOf(audio, cover))).toBeNull()
    expect(mainVideo(answerOf(cover, video))?.codec_name).toBe('h264')
    expect(summarise(answerOf(audio, cover)).streams[1]?.attachedPicture).toBe(true)
  })

  it('leaves out what nothing can decode', () => {
    const { codec_name: _, ...nameless } = audio
    expect(mainAudio(answerOf(nameless))).toBeNull()
  })

  it('takes the default track, and no commentary', () => {
    const tracks = [
      { ...audio, index: 1, disposition: { comment: 1 } },
      { ...audio, index: 2 },
      { ...audio, index: 3, disposition: { default: 1 } },
    ]
    expect(mainAudio(answerOf(...tracks))?.index).toBe(3)
    expect(mainAudio(answerOf(...tracks.slice(0, 2)))?.index).toBe(2)
  })

  it('counts from the start of the container', () => {
    const facts = sourceFacts({
      answer: answerOf({ ...video, r_frame_rate: '25/1' }, { ...audio, start_time: '1.9' }),
      identity: 'x',
      sizeBytes: 1_000,
      layout: null,
      interlaced: false,
      audioScan: {
        frames: 9,
        firstPts: 1.88,
        endPts: 11.9,
        bytes: 90,
        constantRate: false,
        keyframes: { count: 9, medianGap: 0.02, longestGap: 0.02 },
        grid: unmeasured,
      },
      videoScan: {
        frames: 2,
        firstPts: 1.4,
        endPts: 11.4,
        bytes: 1_000,
        constantRate: true,
        keyframes: { count: 1, medianGap: null, longestGap: null },
        grid: unmeasured,
      },
    })
    expect(facts).toMatchObject({
      durationMs: 10_500,
      video: { startMs: 0, endMs: 10_000, bitrateBps: 800, frameRate: '25/1' },
      audio: { startMs: 500, endMs: 10_500 },
    })
  })

  it('trusts a stated rate only where both ways of stating it agree', () => {
    const stated = (real: string, average: string) =>
      statedFrameSeconds(streamOf({ r_frame_rate: real, avg_frame_rate: average }))
    expect(stated('25/1', '25/1')).toBe(0.04)
    expect(stated('30000/1001', '2997/100')).toBeCloseTo(0.03337, 4)
    expect(stated('60/1', '35/1')).toBeNull()
    expect(stated('0/0', '0/0')).toBeNull()
  })
})

describe('quality', () => {
  const scoreOf = (fields: object, bitrate: number): number =>
    summarise(answerOf({ ...video, avg_frame_rate: '25/1', bit_rate: `${bitrate}`, ...fields }, audio)).quality

  it('rises with size and bits, and falls for neither', () => {
    const small = scoreOf({ width: 426, height: 240 }, 400_000)
    const large = scoreOf({ width: 1920, height: 1080 }, 6_000_000)
    expect(small).toBeGreaterThan(5)
    expect(large).toBeGreaterThan(small + 20)
    expect(scoreOf({ width: 1920, height: 1080 }, 500_000)).toBeLessThan(large)
  })

  it('stays within 0 and 100', () => {
    const any = fc.record({ width: fc.nat(20_000), height: fc.nat(20_000) })
    fc.assert(
      fc.property(any, fc.nat(1e9), (size, bitrate) => {
        const score = scoreOf(size, bitrate)
        expect(score).toBeGreaterThanOrEqual(0)
        expect(score).toBeLessThanOrEqual(100)
      }),
    )
  })
})

describe('packets', () => {
  const scan = (lines: string[], frameSeconds: number | null = 0.04) => {
    const packets = createPacketScan(frameSeconds)
    for (const line of lines) packets.add(line)
    return packets.result()
  }

  it('orders pictures by the time they are shown, and leaves out those an edit list discards', () => {
    const lines = [
      '0|0.000000|-0.040000|0.040000|100|K__',
      '0|0.080000|0.000000|0.040000|50|___',
      '0|0.040000|0.040000|0.040000|50|___',
      '0|-0.04|-0.04|0.04|9|KD_',
    ]
    expect(scan(lines)).toEqual({
      frames: 3,
      firstPts: 0,
      endPts: 0.12,
      bytes: 200,
      constantRate: true,
      keyframes: { count: 1, medianGap: null, longestGap: null },
      grid: unmeasured,
    })
  })

  it('measures the distance of keyframes', () => {
    const lines = [0, 2, 4, 9].map((time) => `0|${time}|${time}|1|10|K__`)
    expect(scan(lines).keyframes).toEqual({ count: 4, medianGap: 2, longestGap: 5 })
  })

  it('takes a millisecond clock for constant and a changing pace for variable', () => {
    const at = (times: number[]) =>
      scan(
        times.map((time) => `0|${time.toFixed(3)}|${time.toFixed(3)}|0.033|10|___`),
        1 / 30,
      ).constantRate
    const steady = Array.from({ length: 300 }, (_, frame) => frame / 30)
    expect(at(steady)).toBe(true)
    expect(at(steady.filter((_, frame) => frame % 10 > 2))).toBe(false)
    expect(scan(['0|0|0|1|1|K__', '0|1|1|1|1|K__'], null).constantRate).toBe(false)
  })
})

describe('idet', () => {
  it('reads the judgement over many frames only', () => {
    const judged =
      '[Parsed_idet_0 @ 0x5] Multi frame detection: TFF:    95 BFF:     1 Progressive:     3 Undetermined:     2'
    expect(parseIdetLine(judged)).toEqual({ interlaced: 96, progressive: 3 })
    expect(parseIdetLine(judged.replace('Multi', 'Single'))).toBeNull()
  })
})
