import { execFile } from 'node:child_process'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { PresetName } from '../../contract/presets.ts'
import { displayedSize, rotationOf } from '../../tools/ffprobe-answer.ts'
import { parseIdetLine } from '../../tools/ffmpeg-idet.ts'
import { createMediaLine, ffprobe, type Made, type MediaLine } from './media-line.ts'

/** Shapes, colours and fields as cameras, phones and discs have them: what comes out is looked at, pixel by pixel where it counts. */

const run = promisify(execFile)

let line: MediaLine
beforeAll(async () => {
  line = await createMediaLine()
})
afterAll(() => line.close())

const make = (name: string, ...args: string[]): Promise<string> => line.source(name, ...args)

/** The file, or the list of the largest size. */
const pictureOf = (made: Made): string => {
  const lists = made.products.map(({ path }) => path).filter((path) => /^stream\/\d+p\/index\.m3u8$/.test(path))
  const heights = lists.map((path) => Number(/\d+/.exec(path)))
  return made.pathOf(lists[heights.indexOf(Math.max(...heights))] ?? 'main.mp4')
}

const reading = (path: string): string[] => (path.endsWith('.m3u8') ? ['-allowed_extensions', 'ALL'] : [])

/** Colours of four places within the quarters of the first picture, as players show it: turned, by BT.709. */
const cornersOf = async (path: string): Promise<number[][]> => {
  const shown = 'scale=in_color_matrix=bt709:out_range=pc,format=rgb24,scale=4:4:flags=neighbor'
  const args = ['-v', 'error', ...reading(path), '-i', path, '-vf', shown, '-frames:v', '1', '-f', 'rawvideo', '-']
  const { stdout } = await run(line.config.tools.ffmpeg, args, { encoding: 'buffer' })
  return [0, 3, 12, 15].map((place) => [...stdout.subarray(3 * place, 3 * place + 3)])
}

const RED = [200, 40, 40]
const GREEN = [40, 160, 40]
const BLUE = [40, 40, 200]
const GREY = [150, 150, 150]

const box = (colour: readonly number[], x: string, y: string): string =>
  `drawbox=x=${x}:y=${y}:w=iw/2:h=ih/2:t=fill:c=0x${Buffer.from(colour).toString('hex')}`
const QUARTERED = [RED, GREEN, BLUE, GREY]
/** Red and green above blue and grey. */
const QUARTERS = [box(RED, '0', '0'), box(GREEN, 'iw/2', '0'), box(BLUE, '0', 'ih/2'), box(GREY, 'iw/2', 'ih/2')]
const quarters = (size: string, filters: string[] = []): string[] => {
  const bt709 = ['scale=out_color_matrix=bt709:out_range=tv', 'format=yuv420p', ...filters]
  const drawn = ['format=gbrp', ...QUARTERS, ...bt709].join(',')
  const tags = ['-colorspace', 'bt709', '-color_primaries', 'bt709', '-color_trc', 'bt709', '-color_range', 'tv']
  return ['-f', 'lavfi', '-i', `color=black:size=${size}:rate=5:duration=0.6,${drawn}`, ...tags]
}
const H264 = ['-c:v', 'libx264', '-preset', 'ultrafast', '-crf', '10']

const everywhere = (colour: readonly number[]): (readonly number[])[] => [colour, colour, colour, colour]

/** By how much the value that is furthest off differs from what it should be. */
const difference = (pixels: readonly number[][], colours: readonly (readonly number[])[]): number =>
  Math.max(...colours.flat().map((value, index) => Math.abs(value - (pixels.flat()[index] ?? Infinity))))

/** Of the edges between colours, where the encoder blurs; whole areas are closer. */
const BLURRED = 14

describe('shapes', () => {
  const turned = async (degrees: string, codec: string[]): Promise<string> => {
    const flat = await make(`flat-${degrees}.mp4`, ...quarters('160x96'), ...codec)
    return make(`turned-${degrees}.mp4`, '-display_rotation', degrees, '-i', flat, '-c', 'copy')
  }
  it.each<[string, PresetName, string, number[][]]>([
    ['90', 'web', '96x160', [GREEN, GREY, RED, BLUE]],
    ['90', 'stream', '96x160', [GREEN, GREY, RED, BLUE]],
    ['180', 'stream', '160x96', [GREY, BLUE, GREEN, RED]],
    ['270', 'stream', '96x160', [BLUE, RED, GREY, GREEN]],
  ])('turned by %s° as %s: %s, upright', async (degrees, preset, size, corners) => {
    const made = await line.deliver(await turned(degrees, H264), preset)
    const path = pictureOf(made)
    const [stream] = (await ffprobe(line.config.tools.ffprobe, path)).streams
    expect(stream && displayedSize(stream)).toEqual(sizeOf(size))
    expect(difference(await cornersOf(path), corners)).toBeLessThanOrEqual(BLURRED)
  })

  it('is turned for good where it is encoded', async () => {
    const made = await line.deliver(await turned('90', ['-c:v', 'mpeg4', '-q:v', '2']), 'web')
    const [stream] = (await made.probe('main.mp4')).streams
    expect(stream).toMatchObject({ width: 96, height: 160, sample_aspect_ratio: '1:1' })
    expect(stream && rotationOf(stream)).toBe(0)
    // MPEG-4 does not say that it is BT.709, and as small a picture is taken for BT.601.
    expect(difference(await cornersOf(made.pathOf('main.mp4')), [GREEN, GREY, RED, BLUE])).toBeLessThanOrEqual(24)
  })

  it.each<[string, string, string, string[]]>([
    ['PAL of 64:45 pixels', '720x576', '1024x576', ['setsar=64/45']],
    ['NTSC of 8:9 pixels', '720x480', '640x480', ['setsar=8/9']],
    ['portrait of 4:3 pixels', '96x160', '128x160', ['setsar=4/3']],
    ['16 pixels wide', '16x96', '16x96', []],
    ['two lines', '200x2', '200x16', []],
    ['odd sides', '163x97', '162x96', ['format=yuv444p']],
    ['7,680 pixels wide', '768x432', '1920x1080', ['scale=7680:4320:flags=neighbor']],
  ])('%s: %s becomes %s of square pixels', async (name, size, shown, filters) => {
    const source = await make(`${name.replaceAll(/\W/g, '-')}.mkv`, ...quarters(size, filters), '-c:v', 'ffvhuff')
    const made = await line.deliver(source, 'web')
    const { width, height } = sizeOf(shown)
    const [stream] = (await made.probe('main.mp4')).streams
    expect(stream).toMatchObject({ width, height, sample_aspect_ratio: '1:1', nb_frames: '3', pix_fmt: 'yuv420p' })
    // Two lines have no quarters.
    const colours = height > 16 ? await cornersOf(made.pathOf('main.mp4')) : QUARTERED
    expect(difference(colours, QUARTERED)).toBeLessThanOrEqual(BLURRED)
  })
})

const sizeOf = (size: string): { width: number; height: number } => {
  const [width = 0, height = 0] = size.split('x').map(Number)
  return { width, height }
}

describe('colours', () => {
  const PATCH = [200, 60, 40]
  const patch = (...filters: string[]): string[] => {
    const plain = `color=0x${Buffer.from(PATCH).toString('hex')}:size=64x64:rate=5:duration=0.6,format=gbrp`
    return ['-f', 'lavfi', '-i', [plain, ...filters].join(',')]
  }
  const tagged = (space: string): string[] => ['-colorspace', space, '-color_primaries', 'bt709', '-color_trc', 'bt709']
  const yuv = (format: string, matrix = 'bt709', range = 'tv'): string[] => [
    `scale=out_color_matrix=${matrix}:out_range=${range}`,
    `format=${format}`,
  ]
  const WIDE = 'zscale=pin=bt709:tin=bt709:min=gbr:rin=pc:p=bt2020:t=bt2020-10:m=bt2020nc:r=tv'

  it.each<[string, string, () => string[]]>([
    ['4:4:4', '444.mp4', () => [...patch(...yuv('yuv444p')), ...tagged('bt709'), ...H264]],
    ['10 bits', '10.mp4', () => [...patch(...yuv('yuv420p10le')), ...tagged('bt709'), ...H264]],
    ['4:2:2 of 10 bits', '422.mov', () => [...patch(...yuv('yuv422p10le')), ...tagged('bt709'), '-c:v', 'prores_ks']],
    [
      'YCgCo of H.264',
      'ycgco.mp4',
      () => [...patch('zscale=m=ycgco:r=tv', 'format=yuv420p'), ...tagged('ycgco'), ...H264],
    ],
    ['RGB', 'rgb.mkv', () => [...patch(), '-c:v', 'libx264rgb', '-crf', '10']],
    [
      'full range of JPEG',
      'full.avi',
      () => [...patch(...yuv('yuvj420p', 'bt601', 'pc')), '-c:v', 'mjpeg', '-q:v', '2'],
    ],
    ['BT.601, stated', '601.mkv', () => [...patch(...yuv('yuv420p', 'bt601')), ...tagged('smpte170m'), '-c:v', 'ffv1']],
    [
      'BT.601, as small pictures are where nothing is stated',
      'sd.mkv',
      () => [...patch(...yuv('yuv420p', 'bt601')), '-c:v', 'ffv1'],
    ],
    [
      'BT.2020, of which nothing but the matrix is stated',
      'matrix.mkv',
      () => [
        ...patch(WIDE, 'format=yuv420p10le', 'setparams=color_primaries=unknown:color_trc=unknown'),
        '-c:v',
        'ffv1',
      ],
    ],
    ['BT.2020 without high dynamic range', '2020.mkv', () => [...patch(WIDE, 'format=yuv420p10le'), '-c:v', 'ffv1']],
  ])('%s: the same red, in 8-bit 4:2:0 of BT.709', async (_name, file, args) => {
    const made = await line.deliver(await make(file, ...args()), 'web')
    expect((await made.probe('main.mp4')).streams[0]).toMatchObject({
      pix_fmt: 'yuv420p',
      color_space: 'bt709',
      color_primaries: 'bt709',
      color_transfer: 'bt709',
      color_range: 'tv',
    })
    expect(difference(await cornersOf(made.pathOf('main.mp4')), everywhere(PATCH))).toBeLessThanOrEqual(5)
  })

  it('a size that changes on the way is brought to one, and costs no picture', async () => {
    const half = async (name: string, ...input: string[]): Promise<Buffer> =>
      readFile(await make(name, ...input, ...H264, '-g', '5'))
    const whole = join(line.dataDir, 'sizes.ts')
    const [small, large] = [
      await half('small.ts', ...quarters('320x180')),
      await half('large.ts', ...quarters('640x360'), '-output_ts_offset', '0.6'),
    ]
    await writeFile(whole, Buffer.concat([small, large]))
    const made = await line.make(whole, 'stream')
    const shown = '-f rawvideo -pix_fmt gray -s 1x1 -'.split(' ')
    const args = ['-v', 'error', ...reading(pictureOf(made)), '-i', pictureOf(made), ...shown]
    expect((await run(line.config.tools.ffmpeg, args, { encoding: 'buffer' })).stdout).toHaveLength(6)
    expect(made.products.map(({ path }) => path)).toContain('storyboard.vtt')
    expect(difference(await cornersOf(pictureOf(made)), QUARTERED)).toBeLessThanOrEqual(BLURRED)
  })

  it('grey stays grey', async () => {
    const grey = ['-f', 'lavfi', '-i', 'color=0x969696:size=64x64:rate=5:duration=0.6,format=gray']
    const made = await line.deliver(await make('grey.mkv', ...grey, '-c:v', 'ffv1'), 'web')
    expect(difference(await cornersOf(made.pathOf('main.mp4')), everywhere(GREY))).toBeLessThanOrEqual(3)
  })

  /** Of 10 bits, by its place on the curve from black (64) to white (940). */
  const high = (curve: string, part: number): string[] => {
    const luma = `geq=lum=${Math.round(64 + 876 * part)}:cb=512:cr=512`
    const tags = `setparams=color_primaries=bt2020:color_trc=${curve}:colorspace=bt2020nc:range=tv`
    const plain = `color=gray:size=64x64:rate=5:duration=0.6,format=yuv420p10le,${luma}`
    return ['-f', 'lavfi', '-i', `${plain},${tags}`, '-c:v', 'ffv1']
  }
  it.each<[string, string, string, number, number]>([
    ['HDR10', 'black', 'smpte2084', 0, 0],
    ['HDR10', '50 nits', 'smpte2084', 0.44, 143],
    ['HDR10', 'the white of paper, 203 nits (ITU-R BT.2408)', 'smpte2084', 0.58, 214],
    ['HDR10', '1,000 nits', 'smpte2084', 0.7518, 250],
    ['HLG', 'black', 'arib-std-b67', 0, 0],
    ['HLG', 'the white of paper, 75 % (ITU-R BT.2408)', 'arib-std-b67', 0.75, 214],
  ])('%s: %s', async (_name, level, curve, part, expected) => {
    const file = `${curve}-${level.replaceAll(/\W/g, '')}.mkv`
    const made = await line.deliver(await make(file, ...high(curve, part)), 'web')
    expect((await made.probe('main.mp4')).streams[0]).toMatchObject({
      pix_fmt: 'yuv420p',
      color_transfer: 'bt709',
      color_primaries: 'bt709',
      color_space: 'bt709',
    })
    expect(
      difference(await cornersOf(made.pathOf('main.mp4')), everywhere([expected, expected, expected])),
    ).toBeLessThanOrEqual(6)
  })
})

describe('fields', () => {
  /** Frames that idet takes for woven of two moments, and for one. */
  const judge = async (path: string): Promise<{ woven: number; whole: number }> => {
    const args = ['-hide_banner', '-i', path, '-vf', 'idet', '-f', 'null', '-']
    const { stderr } = await run(line.config.tools.ffmpeg, args)
    const counts = stderr.split('\n').flatMap((row) => parseIdetLine(row) ?? [])
    const [woven = 0, whole = 0] = [counts.at(-1)?.interlaced, counts.at(-1)?.progressive]
    return { woven, whole }
  }

  it.each([
    ['upper first at 25 frames', 'top', 'tff', '50', '-c:v mpeg2video -flags +ildct+ilme -top 1 -q:v 3'],
    ['lower first at 29.97 frames', 'bottom', 'bff', '60000/1001', '-c:v mpeg2video -flags +ildct+ilme -top 0 -q:v 3'],
  ])('%s: as many whole frames', async (_name, first, set, rate, codec) => {
    const moving = `testsrc2=size=320x240:rate=${rate}:duration=4,tinterlace=interleave_${first},setfield=${set}`
    const options = codec.split(' ').filter((option) => !['-top', '0', '1'].includes(option))
    const source = await make(`${set}.mkv`, '-f', 'lavfi', '-i', moving, ...options)
    const made = await line.deliver(source, 'web')
    expect(made.probed.facts.video?.interlaced).toBe(true)
    const [stream] = (await made.probe('main.mp4')).streams
    expect(stream).toMatchObject({ field_order: 'progressive', nb_frames: `${made.probed.facts.video?.frames}` })
    expect((await judge(source)).woven).toBeGreaterThan(80)
    const { woven, whole } = await judge(made.pathOf('main.mp4'))
    expect(whole).toBeGreaterThan(80)
    expect(woven).toBeLessThan(whole / 5)
  })
})
