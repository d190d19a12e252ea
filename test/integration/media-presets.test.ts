import { readFile } from 'node:fs/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { JobOptions, PresetName } from '../../contract/presets.ts'
import { displayedSize } from '../../tools/ffprobe-answer.ts'
import { readMp4Layout } from '../../tools/mp4-boxes.ts'
import { createMediaLine, type Made, type MediaLine } from './media-line.ts'
import { createSources } from './media-sources.ts'

let line: MediaLine
let sources: ReturnType<typeof createSources>
beforeAll(async () => {
  line = await createMediaLine()
  sources = createSources(line.config.tools.ffmpeg, line.dataDir)
})
afterAll(() => line.close())

type Source = Exclude<keyof ReturnType<typeof createSources>, 'at'>

/** `h264 320x240 aac`: what an independent reader finds in a product. */
const contentOf = async (made: Made, product: string): Promise<string> => {
  const { streams } = await made.probe(product)
  return streams
    .map((stream) => {
      const size = displayedSize(stream)
      return size ? `${stream.codec_name} ${size.width}x${size.height}` : stream.codec_name
    })
    .join(' ')
}

const mainOf = (made: Made): string => made.products.find((product) => product.role === 'main')?.path ?? 'none'

describe('files', () => {
  it.each<[PresetName, Source, string, string]>([
    ['web', 'plain', 'main.mp4', 'h264 320x240 aac'],
    ['web', 'portrait', 'main.mp4', 'h264 240x320 aac'],
    ['web', 'rotated', 'main.mp4', 'h264 240x320 aac'],
    ['web', 'oddSize', 'main.mp4', 'h264 320x240 aac'],
    ['web', 'onePixel', 'main.mp4', 'h264 16x16 aac'],
    ['web', 'oblongPixels', 'main.mp4', 'h264 262x144'],
    ['web', 'audioOnly', 'main.m4a', 'aac'],
    ['web', 'videoOnly', 'main.mp4', 'h264 320x240'],
    ['web', 'transportStream', 'main.mp4', 'h264 320x240 aac'],
    ['web', 'variableRate', 'main.mp4', 'h264 320x240'],
    ['original', 'plain', 'main.mp4', 'h264 320x240 aac'],
    ['original', 'rotated', 'main.mp4', 'h264 240x320 aac'],
    ['original', 'oddSize', 'main.webm', 'vp9 321x241 opus'],
    ['original', 'onePixel', 'main.mkv', 'ffv1 1x1 flac'],
    ['original', 'audioOnly', 'main.m4a', 'aac'],
    ['original', 'transportStream', 'main.mp4', 'h264 320x240 aac'],
    ['audio', 'plain', 'main.m4a', 'aac'],
    ['audio', 'onePixel', 'main.m4a', 'aac'],
    ['audio', 'mp3WithCover', 'main.m4a', 'aac'],
  ])('%s makes of %s the file %s with %s', async (preset, source, file, content) => {
    const made = await line.make(await sources[source](), preset)
    expect(mainOf(made)).toBe(file)
    expect(await contentOf(made, file)).toBe(content)
    const atEnd = !made.plan.passSource && (await readMp4Layout(made.pathOf(file)))?.indexFirst === false
    expect(atEnd, 'the index at the end of the file').toBe(false)
    const posters = made.products.filter((product) => product.role === 'poster').map(({ contentType }) => contentType)
    expect(new Set(posters)).toEqual(new Set(['image/jpeg', 'image/webp']))
    expect(made.products.some((product) => product.role === 'probe')).toBe(true)
  })

  it.each([
    ['mp3', 'main.mp3', 'mp3'],
    ['opus', 'main.opus', 'opus'],
  ] as const)('audio comes as %s too', async (audioFormat, file, content) => {
    const made = await line.make(await sources.plain(), 'audio', { audioFormat })
    expect(await contentOf(made, file)).toBe(content)
  })

  it('passes a source that already fits byte for byte, and titles what it makes', async () => {
    const source = await sources.plain()
    const passed = await line.make(source, 'web')
    expect(await readFile(passed.pathOf('main.mp4'))).toEqual(await readFile(source))
    const remuxed = await line.make(await sources.transportStream(), 'web', {}, '-rf "x" = ; ü')
    expect((await remuxed.probe('main.mp4')).format.tags.title).toBe('-rf "x" = ; ü')
  })

  it('keeps the source on request, beside what was made', async () => {
    const made = await line.make(await sources.oddSize(), 'web', { keepSource: true, maxHeight: 120 })
    expect(await contentOf(made, 'source.webm')).toBe('vp9 321x241 opus')
    expect(await contentOf(made, 'main.mp4')).toBe('h264 160x120 aac')
  })

  it('fills the silence before late sound, so that it stays in step', async () => {
    const made = await line.make(await sources.lateSound(), 'audio', { audioFormat: 'mp3' })
    expect((await made.probe('main.mp3')).format.duration).toBeCloseTo(2, 0)
    expect(made.probed.facts.audio?.startMs).toBe(500)
  })
})

describe('languages', () => {
  it.each<[string, PresetName, JobOptions, Source, (string | undefined)[]]>([
    ['copied', 'web', {}, 'spoken', ['fra', 'deu']],
    ['encoded', 'web', { maxHeight: 120 }, 'spokenLossless', ['fra', 'deu']],
    ['copied, sound alone', 'audio', {}, 'spoken', ['deu']],
    ['encoded, sound alone', 'audio', {}, 'spokenLossless', ['deu']],
    ['encoded as Opus', 'audio', { audioFormat: 'opus' }, 'spoken', ['deu']],
    ['all copied', 'original', {}, 'spokenBroadcast', ['und', 'deu', 'eng']],
    ['unknown', 'web', {}, 'transportStream', ['und', 'und']],
  ])('%s: %s %o of %s says %o', async (_, preset, options, source, languages) => {
    const made = await line.make(await sources[source](), preset, options)
    const { streams } = await made.probe(mainOf(made))
    expect(streams.map(({ tags }) => tags.language)).toEqual(languages)
  })

  it('MP3 says it for the whole file', async () => {
    const made = await line.make(await sources.spoken(), 'audio', { audioFormat: 'mp3' })
    expect((await made.probe('main.mp3')).format.tags.language).toBe('deu')
  })

  it.each<Source>(['spoken', 'spokenLossless'])('the sound of a stream says it too: %s', async (source) => {
    const made = await line.make(await sources[source](), 'stream')
    expect(await readFile(made.pathOf('stream/master.m3u8'), 'utf8')).toMatch(/LANGUAGE="de".*DEFAULT=YES/)
    expect(await readFile(made.pathOf('stream/manifest.mpd'), 'utf8')).toContain('lang="de"')
  })
})

describe('pictures that browsers would not show', () => {
  it('are deinterlaced', async () => {
    const made = await line.make(await sources.interlaced(), 'web')
    expect(made.probed.facts.video?.interlaced).toBe(true)
    expect((await made.probe('main.mp4')).streams[0]).toMatchObject({ field_order: 'progressive', codec_name: 'h264' })
  })

  it('are tone-mapped', async () => {
    const made = await line.make(await sources.highRange(), 'web')
    expect(made.plan.video).toMatchObject({ mode: 'encode', colour: 'hdr10' })
    expect((await made.probe('main.mp4')).streams[0]).toMatchObject({
      pix_fmt: 'yuv420p',
      color_transfer: 'bt709',
      color_space: 'bt709',
      color_primaries: 'bt709',
    })
  })
})
