/** What a candidate for the poster looks like, measured on a small grey copy. */
export interface FrameMeasure {
  /** Mean of luma, 0–255. */
  mean: number
  /** Distance between the 5th and the 95th percentile of luma, 0–255. */
  range: number
  /** Standard deviation of the Laplacian; blurred pictures have little. */
  sharpness: number
  /** Place in the recording, 0–1. */
  position: number
}

const part = (value: number): number => Math.max(0, Math.min(1, value))

/** Luma range from which a picture no longer looks flat, and the sharpness from which it no longer looks blurred. */
const FULL_RANGE = 160
const FULL_SHARPNESS = 12
/** Below this range nothing can be made out: black, white, a fade. */
const EMPTY_RANGE = 12
/** Title cards and credits lie within this part of either end. */
const END_PART = 0.1

/** 0–1; the highest of a dozen becomes the poster. An all-dark film may have a dark one: nothing is ruled out. */
export const scoreFrame = ({ mean, range, sharpness, position }: FrameMeasure): number => {
  const contrast = part((range - EMPTY_RANGE) / FULL_RANGE)
  const exposure = 1 - Math.abs(part(mean / 255) - 0.45) / 0.55
  const middle = part(Math.min(position, 1 - position) / END_PART)
  return contrast * (0.45 + 0.3 * part(sharpness / FULL_SHARPNESS) + 0.15 * exposure + 0.1 * middle)
}

/** Index of the best; the first among equals. @throws RangeError for none. */
export const bestFrame = (measures: readonly FrameMeasure[]): number => {
  if (measures.length === 0) throw new RangeError('there is no frame to choose from')
  const scores = measures.map(scoreFrame)
  return scores.indexOf(Math.max(...scores))
}

/** Grey pixels in rows, one byte each. */
export interface GreyPicture {
  data: Uint8Array
  width: number
  height: number
}

/** Measures a grey picture. */
export const measureFrame = (picture: GreyPicture, position: number): FrameMeasure => {
  const counts = new Uint32Array(256)
  for (const value of picture.data) counts[value] = (counts[value] ?? 0) + 1
  const total = counts.reduce((sum, count, value) => sum + count * value, 0)
  const range = valueAt(counts, 0.95 * picture.data.length) - valueAt(counts, 0.05 * picture.data.length)
  const mean = total / Math.max(1, picture.data.length)
  return { mean, range, sharpness: laplacianDeviation(picture), position }
}

/** The value that `rank` pixels are not above. */
const valueAt = (counts: Uint32Array, rank: number): number => {
  let below = 0
  return counts.findIndex((count) => {
    below += count
    return below > rank
  })
}

/** Sharpness by the variance of the Laplacian (Pech-Pacheco et al., ICPR 2000). */
const laplacianDeviation = ({ data, width, height }: GreyPicture): number => {
  let count = 0
  let sum = 0
  let squares = 0
  for (let y = 1; y < height - 1; y += 1) {
    for (let x = 1; x < width - 1; x += 1) {
      const at = y * width + x
      const around = (data[at - 1] ?? 0) + (data[at + 1] ?? 0) + (data[at - width] ?? 0) + (data[at + width] ?? 0)
      const value = around - 4 * (data[at] ?? 0)
      count += 1
      sum += value
      squares += value * value
    }
  }
  return count === 0 ? 0 : Math.sqrt(Math.max(0, squares / count - (sum / count) ** 2))
}
