import { execFile } from 'node:child_process'
import { extname } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { PresetName } from '../../contract/presets.ts'
import { displayedSize } from '../../tools/ffprobe-answer.ts'
import { createMediaLine, type Made, type MediaLine } from './media-line.ts'

const exec = promisify(execFile)
const SECONDS = 9

let line: MediaLine
let onePiece: MediaLine
beforeAll(async () => {
  ;[line, onePiece] = await Promise.all([
    createMediaLine({ SLUICE_CHUNK_MS: '4000' }),
    createMediaLine({ SLUICE_CHUNK_MS: '60000' }),
  ])
})
afterAll(() => Promise.all([line.close(), onePiece.close()]))

const make = (name: string, ...args: string[]): Promise<string> => line.source(name, ...args)
const picture = (rate: string, seconds = SECONDS): string[] => [
  '-f',
  'lavfi',
  '-i',
  `testsrc2=size=160x96:rate=${rate}:duration=${seconds}`,
]
const tone = ['-f', 'lavfi', '-i', `sine=frequency=440:sample_rate=48000:duration=${SECONDS}`]
/** None of the presets copies it. */
const mpeg4 = ['-c:v', 'mpeg4', '-bf', '2', '-g', '30', '-q:v', '4']

const CONTENT_TYPES: Record<string, string> = {
  '.mp4': 'video/mp4',
  '.webm': 'video/webm',
  '.mkv': 'video/x-matroska',
}

const mainOf = (made: Made): string => made.products.find(({ role }) => role === 'main')?.path ?? 'none'

/** `stream,time` of every packet, and whether it is a keyframe. */
const packetsOf = async (path: string): Promise<string[]> => {
  const entries = ['-show_entries', 'packet=stream_index,pts_time,flags', '-of', 'csv=p=0']
  const { stdout } = await exec(line.config.tools.ffprobe, ['-v', 'error', ...entries, path])
  return stdout.split('\n').filter((row) => row !== '')
}

const likeness = async (path: string, source: string): Promise<number> => {
  const graph = '[0:v]format=yuv420p[x];[1:v]format=yuv420p[y];[x][y]scale2ref[a][b];[a][b]ssim'
  const args = ['-hide_banner', '-i', path, '-i', source, '-lavfi', graph, '-f', 'null', '-']
  const { stderr } = await exec(line.config.tools.ffmpeg, args)
  return Number(/SSIM .*All:([\d.]+)/.exec(stderr)?.[1])
}

describe('every preset', () => {
  const film = () => make('film.mkv', ...picture('24000/1001'), ...tone, ...mpeg4, '-c:a', 'flac')
  it.each<[PresetName, string, string]>([
    ['high-quality', 'main.mp4', 'h264 High 160x96, aac LC'],
    ['webm', 'main.webm', 'vp9 Profile 0 160x96, opus'],
    ['archive', 'main.mkv', 'av1 Main 160x96, opus'],
    ['mobile', 'main.mp4', 'h264 Main 160x96, aac LC'],
    ['small', 'main.mp4', 'h264 High 160x96, aac LC'],
  ])('%s comes in chunks: %s with %s', async (preset, file, content) => {
    const path = await film()
    const made = await line.make(path, preset)
    expect(made.plan.video).toMatchObject({ mode: 'encode', chunkStarts: [0, 96] })
    expect(mainOf(made)).toBe(file)
    expect(made.products.find(({ path: name }) => name === file)?.contentType).toBe(CONTENT_TYPES[extname(file)])
    const { streams } = await made.probe(file)
    const found = streams.map((stream) => {
      const size = displayedSize(stream)
      return [stream.codec_name, stream.profile, size && `${size.width}x${size.height}`].filter(Boolean).join(' ')
    })
    expect(found.join(', ')).toBe(content)
    const packets = await packetsOf(made.pathOf(file))
    expect(packets.filter((row) => row.startsWith('0,')).length).toBe(216)
    const alike = await likeness(made.pathOf(file), path)
    expect(alike).toBeGreaterThan(0.9)
    // Of H.264 it is shown elsewhere that chunks are as good as one piece.
    if (preset !== 'webm' && preset !== 'archive') return
    const whole = await onePiece.make(path, preset)
    expect(whole.plan.video).toMatchObject({ chunkStarts: [0] })
    expect(packets.toSorted()).toEqual((await packetsOf(whole.pathOf(file))).toSorted())
    expect(alike).toBeCloseTo(await likeness(whole.pathOf(file), path), 2)
  })
})

describe('frames that last differently long', () => {
  it.each<PresetName>(['webm', 'archive'])('come in chunks as in one piece: %s', async (preset) => {
    const dropped = ['-vf', "select='lt(mod(n,10),6)+not(mod(n,3))'", '-fps_mode', 'vfr']
    const path = await make('variable.mkv', ...picture('30'), ...dropped, ...mpeg4)
    const [made, whole] = [await line.make(path, preset), await onePiece.make(path, preset)]
    expect([made, whole].map(({ plan }) => plan.video.mode === 'encode' && plan.video.chunkStarts.length)).toEqual([
      2, 1,
    ])
    const shown = await packetsOf(made.pathOf(mainOf(made)))
    expect(shown.filter((row) => row.includes('K')).length).toBe(5)
    expect(shown).toEqual(await packetsOf(whole.pathOf(mainOf(whole))))
  })
})

describe('high dynamic range', () => {
  const mastering = 'G(13250,34500)B(7500,3000)R(34000,16000)WP(15635,16450)L(10000000,1)'
  const hdr10 = `colorprim=bt2020:transfer=smpte2084:colormatrix=bt2020nc:master-display=${mastering}:max-cll=1000,400`
  const hevc = ['-c:v', 'libx265', '-preset', 'ultrafast', '-g', '25', '-pix_fmt', 'yuv420p10le']
  const source = () => make('hdr10.mkv', ...picture('25', 1), ...hevc, '-x265-params', `log-level=error:${hdr10}`)

  it('is kept by archive, with what its mastering says', async () => {
    const made = await line.make(await source(), 'archive')
    const [stream] = (await made.probe('main.mkv')).streams
    expect(stream).toMatchObject({
      pix_fmt: 'yuv420p10le',
      color_transfer: 'smpte2084',
      color_primaries: 'bt2020',
      color_space: 'bt2020nc',
    })
    const kinds = stream?.side_data_list.map((data) => [data.side_data_type, data.max_luminance ?? data.max_content])
    expect(kinds).toEqual(
      expect.arrayContaining([
        ['Mastering display metadata', '1000/1'],
        ['Content light level metadata', 1_000],
      ]),
    )
  })

  it('is tone-mapped for VP9', async () => {
    const made = await line.make(await source(), 'webm')
    const [stream] = (await made.probe(mainOf(made))).streams
    expect(stream).toMatchObject({ pix_fmt: 'yuv420p', color_transfer: 'bt709', color_space: 'bt709' })
  })
})
