import type { ProgressMessage } from '../contract/socket.ts'

const BAR_CELLS = 24
const EIGHTHS = ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉'] as const

/** A bar of 24 cells, in eighths of a cell; dotted where the size is unknown. */
export const bar = (percent: number | null): string => {
  if (percent === null) return '┄'.repeat(BAR_CELLS)
  const eighths = Math.round((Math.min(100, Math.max(0, percent)) / 100) * BAR_CELLS * 8)
  const full = '█'.repeat(Math.floor(eighths / 8)) + (EIGHTHS[eighths % 8] ?? '')
  return full.padEnd(BAR_CELLS, '░')
}

/** `0:42`, `1:02:03`. */
export const clock = (ms: number): string => {
  const seconds = Math.round(ms / 1_000)
  const pad = (value: number) => String(value).padStart(2, '0')
  const hours = Math.floor(seconds / 3_600)
  const minutes = Math.floor(seconds / 60) % 60
  return hours > 0 ? `${hours}:${pad(minutes)}:${pad(seconds % 60)}` : `${minutes}:${pad(seconds % 60)}`
}

/** `12.3 MB`, in powers of 1,000. */
export const size = (bytes: number): string => {
  if (bytes < 1_000) return `${Math.round(bytes)} B`
  const exponent = Math.min(4, Math.floor(Math.log10(bytes) / 3))
  const value = bytes / 1_000 ** exponent
  return `${value < 10 ? value.toFixed(1) : Math.round(value)} ${' kMGT'[exponent]}B`
}

const amount = ({ unit, done }: Pick<ProgressMessage, 'unit' | 'done'>): string => {
  if (unit === 'bytes') return size(done)
  if (unit === 'mediaMs') return clock(done)
  return `${Math.round(done)} ${unit}`
}

const speed = ({ unit, rate }: Pick<ProgressMessage, 'unit' | 'rate'>): string | null => {
  if (rate === null || rate <= 0) return null
  if (unit === 'bytes') return `${size(rate)}/s`
  // Milliseconds of media in a second of time: a thousand is real time.
  if (unit === 'mediaMs') return `${(rate / 1_000).toFixed(1)}×`
  return `${Math.round(rate)}/s`
}

/** `12 MB of 88 MB, 2.1 MB/s, 0:36 left`. */
export const describeReading = (reading: ProgressMessage): string => {
  const { unit, total, etaMs } = reading
  const of = total === null ? '' : ` of ${amount({ unit, done: total })}`
  const left = etaMs === null ? null : `${clock(etaMs)} left`
  return [`${amount(reading)}${of}`, speed(reading), left].filter((part) => part !== null).join(', ')
}
