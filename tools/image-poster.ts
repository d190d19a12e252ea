import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import sharp from 'sharp'
import { measureFrame, type FrameMeasure } from './image-score.ts'

/** Wide enough to see blur, small enough to measure within milliseconds. */
const MEASURED_WIDTH = 320
const JPEG_QUALITY = 82
const WEBP_QUALITY = 80

/** Measures one candidate file. `position`: its place in the recording, 0–1. */
export const measureImage = async (path: string, position: number): Promise<FrameMeasure> => {
  const { data, info } = await sharp(path)
    .resize({ width: MEASURED_WIDTH, withoutEnlargement: true })
    .greyscale()
    .raw()
    .toBuffer({ resolveWithObject: true })
  return measureFrame({ data, width: info.width, height: info.height }, position)
}

export interface PosterFile {
  name: string
  width: number
  height: number
}

/** Never above the picture; where that leaves one, half of it is the second. */
export const fittingWidths = (wanted: readonly number[], available: number): number[] => {
  const fitting = wanted.filter((width) => width <= available)
  if (fitting.length === wanted.length) return fitting
  const widths = [...new Set([available, ...fitting])]
  return widths.length === 1 && available > 1 ? [available, Math.ceil(available / 2)] : widths
}

/**
 * Writes `poster-<width>.jpg` and `.webp` for each width, or what the picture has of it. Metadata of the picture stays out.
 * @throws Error where the picture cannot be read.
 */
export const writePosters = async (
  picture: string | Buffer,
  { widths, dir }: { widths: readonly number[]; dir: string },
): Promise<PosterFile[]> => {
  const input = typeof picture === 'string' ? await readFile(picture) : picture
  const files: PosterFile[] = []
  const { width: available } = await sharp(input).metadata()
  for (const width of fittingWidths(widths, available)) {
    const scaled = await sharp(input)
      .resize({ width })
      .flatten()
      .toColourspace('srgb')
      .raw()
      .toBuffer({ resolveWithObject: true })
    const raw = sharp(scaled.data, { raw: scaled.info })
    const encoded = {
      jpg: raw.clone().jpeg({ quality: JPEG_QUALITY, mozjpeg: true }),
      webp: raw.clone().webp({ quality: WEBP_QUALITY }),
    }
    for (const [extension, image] of Object.entries(encoded)) {
      const name = `poster-${width}.${extension}`
      await image.toFile(join(dir, name))
      files.push({ name, width: scaled.info.width, height: scaled.info.height })
    }
  }
  return files
}
