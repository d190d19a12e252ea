import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { displayedSize, parseProbeAnswer, rotationOf } from '../../tools/ffprobe-answer.ts'
import { mainVideo, possibleRates, sourceFacts } from '../../tools/ffprobe-facts.ts'
import { allAudio, mainAudio, wordsOf } from '../../tools/ffprobe-sounds.ts'
import { createPacketScan, parsePacketLine } from '../../tools/ffprobe-packets.ts'
import { summarise } from '../../tools/ffprobe-summary.ts'
import { createFrameCrcParser } from '../../tools/ffmpeg-packets.ts'
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

  it('has of the sound tracks the one to play first, then other languages, then what is beside the film, sixteen at most', () => {
    const heard = { ...audio, sample_fmt: 'fltp' }
    const { sample_rate: _, ...rateless } = heard
    const tracks = [
      { ...heard, index: 1, disposition: { comment: 1 } },
      { ...heard, index: 2, disposition: { default: 1 } },
      { ...audio, index: 3, codec_name: 'ac4' },
      { ...rateless, index: 4 },
      { ...heard, index: 5 },
    ]
    const indexes = (...streams: object[]) => allAudio(answerOf(...streams)).map(({ index }) => index)
    expect(indexes(...tracks)).toEqual([2, 5, 1])
    // Nothing is played that cannot be.
    expect(indexes({ ...audio, index: 3, disposition: { default: 1 } }, { ...heard, index: 5 })).toEqual([5])
    expect(indexes(...Array.from({ length: 300 }, (_none, index) => ({ ...heard, index })))).toHaveLength(16)
    expect(tracks.map((each) => wordsOf(streamOf(each)))).toEqual([
      { role: 'commentary' },
      {},
      { undecodable: true },
      { undecodable: true },
      {},
    ])
    const tags = { title: `\u0007Two\nlines ${'x'.repeat(200)}` }
    expect(wordsOf(streamOf({ ...heard, tags })).title).toMatch(/^Two lines x{90}$/)
  })

  it('counts from the start of the container', () => {
    const answer = answerOf({ ...video, r_frame_rate: '25/1' }, { ...audio, start_time: '1.9' })
    const scan = {
      frames: 9,
      firstPts: 1.88,
      endPts: 11.9,
      bytes: 90,
      leadS: 0.02,
      timed: 'each',
      absurd: false,
      content: 0.18,
      frameRate: null,
      longestFrame: 0.02,
      gaps: [],
      longestGap: 0,
      keyframes: { count: 9, medianGap: 0.02, longestGap: 0.02 },
      grid: unmeasured,
    } as const
    const stream = answer.streams[1]
    if (!stream) throw new Error('there is no sound')
    const facts = sourceFacts({
      answer,
      sounds: [{ stream, scan }],
      identity: 'x',
      sizeBytes: 1_000,
      layout: null,
      interlaced: false,
      videoScan: {
        frames: 2,
        firstPts: 1.4,
        endPts: 11.4,
        bytes: 1_000,
        leadS: 0,
        timed: 'each',
        absurd: false,
        content: 0.08,
        frameRate: '25/1',
        longestFrame: 0.04,
        gaps: [],
        longestGap: 0,
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

  it.each([
    ['25/1', '25/1', ['25/1']],
    ['30000/1001', '2997/100', ['30000/1001']],
    ['50/1', '25/1', ['50/1', '25/1']],
    ['375/1', '25/1', ['375/1', '25/1']],
    ['60/1', '353/10', ['60/1']],
    ['0/0', '0/0', []],
  ])('%s and %s on average may be %j', (real, average, rates) => {
    expect(possibleRates(streamOf({ r_frame_rate: real, avg_frame_rate: average }))).toEqual(rates)
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
  const scan = (lines: string[], rates = ['25/1']) => {
    const packets = createPacketScan(rates)
    for (const line of lines) packets.add(parsePacketLine(line).packet)
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
      leadS: 0.04,
      timed: 'each',
      absurd: false,
      content: expect.closeTo(0.12),
      frameRate: '25/1',
      longestFrame: expect.closeTo(0.04),
      gaps: [],
      longestGap: expect.closeTo(0),
      keyframes: { count: 1, medianGap: null, longestGap: null },
      grid: unmeasured,
    })
  })

  it('measures the distance of keyframes', () => {
    const lines = [0, 2, 4, 9].map((time) => `0|${time}|${time}|1|10|K__`)
    expect(scan(lines).keyframes).toEqual({ count: 4, medianGap: 2, longestGap: 5 })
  })

  const steady = (rate: number, frames = 300): number[] => Array.from({ length: frames }, (_, frame) => frame / rate)
  const lines = (times: number[], digits = 3): string[] =>
    times.map((time) => `0|${time.toFixed(digits)}|${time.toFixed(digits)}|N/A|10|___`)
  const rateOf = (times: number[], rates: string[], digits = 3): string | null =>
    scan(lines(times, digits), rates).frameRate

  it('takes a millisecond clock for constant and a changing pace for variable', () => {
    expect(rateOf(steady(30), ['30/1'])).toBe('30/1')
    expect(rateOf(steady(24_000 / 1_001), ['24000/1001'])).toBe('24000/1001')
    const uneven = steady(30).filter((_, frame) => frame % 10 > 2)
    expect(rateOf(uneven, ['30/1'])).toBeNull()
    expect(rateOf(steady(1), [])).toBeNull()
  })

  it('takes no rate at which frames would be shown twice, and the next that may be where fields were counted', () => {
    expect(rateOf(steady(29.5), ['30/1'])).toBeNull()
    expect(rateOf(steady(25), ['50/1', '25/1'], 6)).toBe('25/1')
    expect(scan(lines(steady(25).map((time) => (time < 5 ? time : time + 3_600))))).toMatchObject({
      absurd: true,
      content: expect.closeTo(12),
    })
    const withHole = steady(25).map((time) => (time < 5 ? time : time + 100))
    expect(rateOf(withHole, ['375/1', '25/1'], 6)).toBe('25/1')
  })

  it('counts by the times of decoding where none says when it is shown', () => {
    const untimed = ['0|N/A|0.00|0.04|9|K__', '0|N/A|0.04|0.04|9|___', '0|N/A|0.08|0.04|9|___']
    expect(scan(untimed)).toMatchObject({ frames: 3, timed: 'none', firstPts: 0, endPts: 0.12, frameRate: '25/1' })
    expect(scan(['0|0.00|0.00|0.04|9|K__', ...untimed.slice(1)])).toMatchObject({ timed: 'first' })
  })
})

describe('packets that ffmpeg reads', () => {
  const read = (...lines: string[]) => {
    const parse = createFrameCrcParser()
    return lines.map((line) => parse(line)).filter((packet) => packet !== null)
  }

  it('have times in the ticks that are announced, and keyframes unless told otherwise', () => {
    const lines = [
      '#tb 0: 1/90000',
      '#tb 1: 1/48000',
      '0,      -3600,          0,     3600,      311, 0xe80771fb, S=1, MPEGTS Stream ID,        1, 0x00e000e0',
      '1,       1152,       1152,     1152,      200, 0x00000000, F=0x3',
      '0,          0,       7200,     3600,       60, 0xd0ef0e2d, F=0x0, S=1',
    ]
    expect(read(...lines)).toEqual([
      { output: 0, packet: { pts: 0, dts: -0.04, duration: 0.04, sizeBytes: 311, key: true, hidden: false } },
      { output: 1, packet: { pts: 0.024, dts: 0.024, duration: 0.024, sizeBytes: 200, key: true, hidden: false } },
      { output: 0, packet: { pts: 0.08, dts: 0, duration: 0.04, sizeBytes: 60, key: false, hidden: false } },
    ])
  })

  it('may have none', () => {
    const [packet] = read('#tb 0: 1/25', '0, 5, -9223372036854775808, 1, 12, 0x0e0302f1, F=0x0')
    expect(packet?.packet).toMatchObject({ pts: Number.NaN, dts: 0.2, key: false })
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
