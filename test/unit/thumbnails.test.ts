import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { drawCard } from '../../tools/image-card.ts'
import { fittingWidths, writePosters } from '../../tools/image-poster.ts'
import { bestFrame, measureFrame, scoreFrame } from '../../tools/image-score.ts'
import { readMp4Layout } from '../../tools/mp4-boxes.ts'
import { storyboardVtt } from '../../tools/storyboard-vtt.ts'

let dir = ''
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'sluice-thumbnails-'))
})
afterAll(() => rm(dir, { recursive: true, force: true }))

/** A chequered picture: contrast and edges. */
const chequers = (size: number): Buffer => {
  const pixels = Buffer.alloc(size * size * 3)
  for (let at = 0; at < size * size; at += 1) {
    const light = (Math.floor((at % size) / 8) + Math.floor(at / size / 8)) % 2 === 1
    pixels.fill(light ? 220 : 30, at * 3, at * 3 + 3)
  }
  return pixels
}
const picture = (pixels: Buffer, size = 64) => sharp(pixels, { raw: { width: size, height: size, channels: 3 } })

describe('the poster', () => {
  it('is not black, not white, not blurred, and not from the ends', async () => {
    const size = 64
    const kinds = {
      black: picture(Buffer.alloc(size * size * 3)),
      white: picture(Buffer.alloc(size * size * 3, 255)),
      blurred: sharp(await picture(chequers(size)).blur(6).png().toBuffer()),
      sharp: picture(chequers(size)),
    }
    const measures = await Promise.all(
      Object.values(kinds).map(async (image) => {
        const data = await image.greyscale().raw().toBuffer()
        return measureFrame({ data, width: size, height: size }, 0.5)
      }),
    )
    expect(Object.keys(kinds)[bestFrame(measures)]).toBe('sharp')
    const [black, white, blurred, clear] = measures.map(scoreFrame)
    expect([black, white]).toEqual([0, 0])
    expect(clear).toBeGreaterThan((blurred ?? 0) * 1.2)
    const [, , , good] = measures
    if (!good) throw new Error('no measure')
    expect(scoreFrame({ ...good, position: 0.01 })).toBeLessThan(scoreFrame(good))
  })

  it('may be black where all is black', () => {
    const black = { mean: 0, range: 0, sharpness: 0, position: 0.5 }
    expect(bestFrame([black, black])).toBe(0)
    expect(() => bestFrame([])).toThrow(RangeError)
  })

  it('comes in every width as JPEG and WebP', async () => {
    const source = await picture(chequers(64)).png().toBuffer()
    const files = await writePosters(source, { widths: [64, 32], dir })
    expect(files).toEqual([
      { name: 'poster-64.jpg', width: 64, height: 64 },
      { name: 'poster-64.webp', width: 64, height: 64 },
      { name: 'poster-32.jpg', width: 32, height: 32 },
      { name: 'poster-32.webp', width: 32, height: 32 },
    ])
    expect(await sharp(join(dir, 'poster-32.webp')).metadata()).toMatchObject({ format: 'webp', width: 32 })
  })

  it.each([
    [2_000, [1280, 480]],
    [1_280, [1280, 480]],
    [600, [600, 480]],
    [300, [300, 150]],
    [1, [1]],
  ])('is never wider than its picture of %d pixels', (available, expected) => {
    expect(fittingWidths([1280, 480], available)).toEqual(expected)
  })

  it('is a card where there is nothing to show: the same for the same title, and never flat', async () => {
    expect(drawCard('A')).toBe(drawCard('A'))
    expect(drawCard('A')).not.toBe(drawCard('B'))
    const stats = await sharp(Buffer.from(drawCard('<&"'))).stats()
    expect(Math.max(...stats.channels.map((channel) => channel.stdev))).toBeGreaterThan(20)
  })
})

describe('the storyboard', () => {
  it('names each tile by its place on its sheet', () => {
    const vtt = storyboardVtt(
      { intervalMs: 2_000, tileWidth: 160, tileHeight: 90, columns: 2, rows: 2, tiles: 5 },
      9_500,
    )
    expect(vtt).toBe(`WEBVTT

00:00:00.000 --> 00:00:02.000
storyboard-001.jpg#xywh=0,0,160,90

00:00:02.000 --> 00:00:04.000
storyboard-001.jpg#xywh=160,0,160,90

00:00:04.000 --> 00:00:06.000
storyboard-001.jpg#xywh=0,90,160,90

00:00:06.000 --> 00:00:08.000
storyboard-001.jpg#xywh=160,90,160,90

00:00:08.000 --> 00:00:09.500
storyboard-002.jpg#xywh=0,0,160,90
`)
  })

  it('has cues that rise without a gap', () => {
    const geometry = fc.record({
      intervalMs: fc.integer({ min: 1, max: 60_000 }),
      tiles: fc.integer({ min: 1, max: 300 }),
    })
    fc.assert(
      fc.property(geometry, ({ intervalMs, tiles }) => {
        const shape = { tileWidth: 160, tileHeight: 90, columns: 10, rows: 10 }
        const vtt = storyboardVtt({ intervalMs, tiles, ...shape }, tiles * intervalMs)
        const times = [...vtt.matchAll(/(\d\d+:\d\d:\d\d\.\d{3}) --> (\d\d+:\d\d:\d\d\.\d{3})/g)]
        expect(times).toHaveLength(tiles)
        times.slice(1).forEach((time, index) => expect(time[1]).toBe(times[index]?.[2]))
      }),
    )
  })
})

describe('boxes of an MP4', () => {
  const box = (type: string, body: Buffer, size = body.length + 8): Buffer => {
    const header = Buffer.alloc(8)
    header.writeUInt32BE(size)
    header.write(type, 4, 'latin1')
    return Buffer.concat([header, body])
  }
  const ftyp = box('ftyp', Buffer.from('isom\0\0\0\0'))
  const moov = box('moov', Buffer.alloc(40))
  const mdat = box('mdat', Buffer.alloc(100))
  const layout = async (...parts: Buffer[]) => {
    const path = join(dir, 'boxes.mp4')
    await writeFile(path, Buffer.concat(parts))
    return readMp4Layout(path)
  }

  it('tells where the index is', async () => {
    expect(await layout(ftyp, moov, mdat)).toMatchObject({ majorBrand: 'isom', indexFirst: true, missingBytes: 0 })
    expect(await layout(ftyp, mdat, moov)).toMatchObject({ indexFirst: false, hasIndex: true })
    expect(await layout(ftyp, mdat)).toMatchObject({ indexFirst: false, hasIndex: false })
    expect(await layout(ftyp, moov, box('moof', Buffer.alloc(8)), mdat)).toMatchObject({ fragmented: true })
  })

  it('counts what a cut-off file lacks', async () => {
    expect(await layout(ftyp, moov, box('mdat', Buffer.alloc(100), 1_108))).toMatchObject({ missingBytes: 1_000 })
    expect(await layout(ftyp, moov, box('mdat', Buffer.alloc(100), 0))).toMatchObject({ missingBytes: 0 })
  })

  it('is null for anything else', async () => {
    expect(await layout(Buffer.from('hello, this is a text that is named .mp4'))).toBeNull()
    expect(await layout(Buffer.alloc(0))).toBeNull()
  })
})
