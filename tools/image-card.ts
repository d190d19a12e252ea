import { createHash } from 'node:crypto'

const WIDTH = 1280
const HEIGHT = 720
const BARS = 48
const BAR_WIDTH = 12

/**
 * A plain picture for sound without one: a drawn waveform on a colour, both taken from the title, so that the same recording
 * always looks the same. No letters: a machine without fonts would draw boxes.
 */
export const drawCard = (title: string): string => {
  const bytes = createHash('sha256').update(title).digest()
  const byte = (index: number): number => bytes[index % bytes.length] ?? 0
  const hue = Math.round((byte(0) / 255) * 360)
  const step = WIDTH / (BARS + 2)
  const bars = Array.from({ length: BARS }, (_, index) => {
    // Louder towards the middle, as people draw sound.
    const swell = Math.sin(((index + 0.5) / BARS) * Math.PI)
    const height = Math.round(24 + swell * (80 + byte(index + 1)))
    const x = Math.round(step * (index + 1.5) - BAR_WIDTH / 2)
    return `<rect x="${x}" y="${(HEIGHT - height) / 2}" width="${BAR_WIDTH}" height="${height}" rx="6"/>`
  })
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${HEIGHT}">`,
    '<defs><linearGradient id="ground" x1="0" y1="0" x2="1" y2="1">',
    `<stop offset="0" stop-color="hsl(${hue},45%,26%)"/><stop offset="1" stop-color="hsl(${(hue + 50) % 360},50%,14%)"/>`,
    '</linearGradient></defs>',
    `<rect width="${WIDTH}" height="${HEIGHT}" fill="url(#ground)"/>`,
    `<g fill="hsl(${hue},70%,78%)">${bars.join('')}</g>`,
    '</svg>',
  ].join('')
}
