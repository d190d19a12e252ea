import { readFile, writeFile } from 'node:fs/promises'
import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { makeClip } from './make-media.ts'
import { createMediaLine, type Made, type MediaLine } from './media-line.ts'
import { createSources } from './media-sources.ts'

let line: MediaLine
let sources: ReturnType<typeof createSources>
beforeAll(async () => {
  line = await createMediaLine()
  sources = createSources(line.config.tools.ffmpeg, line.dataDir)
})
afterAll(() => line.close())

const posters = (made: Made) => made.products.filter(({ role }) => role === 'poster')
const meansOf = async (path: string): Promise<number[]> =>
  (await sharp(path).stats()).channels.slice(0, 3).map((channel) => channel.mean)

describe('posters', () => {
  it('come in two widths as JPEG and WebP, never above the source', async () => {
    const large = { seconds: 1, size: '1920x1080', audio: false }
    const made = await line.make(await makeClip(line.config.tools.ffmpeg, sources.at('large.mp4'), large), 'web')
    expect(posters(made).map(({ path, width, height }) => [path, width, height])).toEqual([
      ['poster-1280.jpg', 1280, 720],
      ['poster-1280.webp', 1280, 720],
      ['poster-480.jpg', 480, 270],
      ['poster-480.webp', 480, 270],
    ])
    const small = await line.make(await sources.plain(), 'web')
    expect(posters(small).map(({ width }) => width)).toEqual([320, 320, 160, 160])
  })

  it('stand upright', async () => {
    const made = await line.make(await sources.rotated(), 'web')
    expect(posters(made)[0]).toMatchObject({ width: 240, height: 320 })
  })

  it('show a picture where the recording begins and ends black', async () => {
    const made = await line.make(await sources.blackThenPicture(), 'web')
    const stats = await sharp(made.pathOf('poster-320.jpg')).stats()
    expect(Math.max(...stats.channels.map((channel) => channel.stdev))).toBeGreaterThan(30)
  })

  it('show the cover of a song, and a card where there is none', async () => {
    const song = await line.make(await sources.mp3WithCover(), 'original')
    expect(song.plan.thumbnails.posterFrom).toBe('cover')
    expect(posters(song)[0]).toMatchObject({ width: 300, height: 200 })
    const plain = await line.make(await sources.audioOnly(), 'audio')
    expect(posters(plain)[0]).toMatchObject({ path: 'poster-1280.jpg', width: 1280, height: 720 })
    expect(plain.products.some(({ role }) => role === 'storyboard')).toBe(false)
  })

  it('and tiles have the colours of the source', async () => {
    const made = await line.make(await sources.red(), 'original')
    for (const file of ['poster-320.jpg', 'storyboard-001.jpg']) {
      const [red = 0, green = 0, blue = 0] = await meansOf(made.pathOf(file))
      expect(Math.abs(red - 0xc0), `red of ${file}: ${red}`).toBeLessThan(6)
      expect(Math.abs(green - 0x30), `green of ${file}: ${green}`).toBeLessThan(6)
      expect(Math.abs(blue - 0x20), `blue of ${file}: ${blue}`).toBeLessThan(6)
    }
  })

  it('show the white of an HDR source as a light grey', async () => {
    const made = await line.make(await sources.referenceWhite(), 'original')
    expect(made.plan.thumbnails.colour).toBe('hdr10')
    for (const file of ['poster-320.jpg', 'storyboard-001.jpg']) {
      for (const mean of await meansOf(made.pathOf(file))) {
        expect(mean, `${file} at ${mean}`).toBeGreaterThan(200)
        expect(mean, `${file} at ${mean}`).toBeLessThan(235)
      }
    }
  })

  it('are taken by seeking from a longer recording', async () => {
    const clip = { seconds: 30, size: '320x240', audio: false, options: ['-g', '25'] }
    const made = await line.make(
      await makeClip(line.config.tools.ffmpeg, sources.at('half-minute.mp4'), clip),
      'original',
    )
    expect(made.plan.thumbnails.posterBy).toBe('keyframes')
    const stats = await sharp(made.pathOf('poster-320.jpg')).stats()
    expect(Math.max(...stats.channels.map((channel) => channel.stdev))).toBeGreaterThan(30)
  })

  it('are found beside what is damaged', async () => {
    const clip = { seconds: 30, size: '320x240', audio: false, options: ['-g', '25'] }
    const path = await makeClip(line.config.tools.ffmpeg, sources.at('damaged.mp4'), clip)
    const bytes = await readFile(path)
    await writeFile(path, bytes.fill(0, Math.round(bytes.length / 4), Math.round((bytes.length * 3) / 4)))
    const made = await line.make(path, 'original')
    expect(made.plan.thumbnails.posterBy).toBe('keyframes')
    const poster = sharp(made.pathOf('poster-320.jpg'))
    // A card, which stands in where nothing can be read, is wider.
    expect(await poster.metadata()).toMatchObject({ width: 320, height: 240 })
    const { channels } = await poster.stats()
    expect(Math.max(...channels.map((channel) => channel.stdev))).toBeGreaterThan(30)
  })
})

describe('storyboards', () => {
  it.each([
    ['keyframes', ['-g', '12'], 'original'],
    ['decode', ['-g', '999', '-sc_threshold', '0'], 'original'],
    ['encode', ['-g', '999', '-sc_threshold', '0'], 'stream'],
  ] as const)('from %s have every tile', async (from, options, preset) => {
    const name = sources.at(`from-${from}.mp4`)
    const source = await makeClip(line.config.tools.ffmpeg, name, { seconds: 12, size: '160x120', options })
    const made = await line.make(source, preset)
    expect(made.plan.thumbnails).toMatchObject({
      storyboardFrom: from,
      storyboard: { tiles: 12, columns: 10, rows: 2 },
    })
    const sheet = sharp(made.pathOf('storyboard-001.jpg'))
    expect(await sheet.metadata()).toMatchObject({ width: 1_600, height: 240 })
    // The twelfth tile is the last that is drawn on; the place behind it stays black.
    const tile = async (left: number): Promise<number> => {
      const area = await sheet.clone().extract({ left, top: 120, width: 160, height: 120 }).toBuffer()
      return Math.max(...(await sharp(area).stats()).channels.map((channel) => channel.stdev))
    }
    expect(await tile(160)).toBeGreaterThan(20)
    expect(await tile(320)).toBeLessThan(5)
  })
})
