import type { ProgressUnit } from '../../../contract/progress.ts'

const BYTE_UNITS = ['B', 'kB', 'MB', 'GB', 'TB'] as const

/** Decimal units, three significant digits: `1.25 MB`. */
export const formatBytes = (bytes: number): string => {
  const power = Math.min(BYTE_UNITS.length - 1, bytes < 1000 ? 0 : Math.floor(Math.log10(bytes) / 3))
  const value = bytes / 1000 ** power
  return `${value >= 100 || power === 0 ? Math.round(value) : value.toPrecision(3)} ${BYTE_UNITS[power]}`
}

const twoDigits = (value: number): string => String(value).padStart(2, '0')

/** A place on a clock of media: `4:05`, `1:02:03`. */
export const formatClock = (ms: number): string => {
  const seconds = Math.round(ms / 1000)
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60]
  const tail = twoDigits(seconds % 60)
  return hours > 0 ? `${hours}:${twoDigits(minutes)}:${tail}` : `${minutes}:${tail}`
}

/** A span of time in at most two units: `0.4 s`, `12 s`, `3 min 5 s`, `2 h 4 min`. */
export const formatSpan = (ms: number): string => {
  if (ms < 10_000) return `${(Math.max(0, ms) / 1000).toFixed(1)} s`
  const seconds = Math.round(ms / 1000)
  if (seconds < 60) return `${seconds} s`
  const minutes = Math.floor(seconds / 60)
  if (minutes < 60) return seconds % 60 === 0 ? `${minutes} min` : `${minutes} min ${seconds % 60} s`
  return minutes % 60 === 0 ? `${minutes / 60} h` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`
}

/** Time left, no more exact than it is known: `a moment`, `12 s`, `4 min`. */
export const formatRemaining = (ms: number): string => {
  if (ms < 1500) return 'a moment'
  if (ms < 60_000) return `${Math.round(ms / 1000)} s`
  return formatSpan(Math.round(ms / 60_000) * 60_000)
}

/** Units a second, in the words of the field: `3.20 MB/s`, `2.4× real time`, `58 frames/s`. */
export const formatRate = (unit: ProgressUnit, rate: number): string => {
  switch (unit) {
    case 'bytes':
      return `${formatBytes(rate)}/s`
    case 'mediaMs':
      return `${rate >= 10_000 ? Math.round(rate / 1000) : (rate / 1000).toFixed(1)}× real time`
    case 'frames':
      return `${Math.round(rate)} frames/s`
    case 'items':
      return `${rate.toFixed(1)}/s`
  }
}

export const formatAmount = (unit: ProgressUnit, amount: number): string => {
  switch (unit) {
    case 'bytes':
      return formatBytes(amount)
    case 'mediaMs':
      return formatClock(amount)
    case 'frames':
      return `${Math.round(amount)} frames`
    case 'items':
      return String(Math.round(amount))
  }
}

export const formatBitrate = (bps: number): string =>
  bps >= 1_000_000 ? `${(bps / 1_000_000).toFixed(1)} Mbit/s` : `${Math.round(bps / 1000)} kbit/s`

/** Whole percents: a tenth that flickers tells nobody anything. */
export const formatPercent = (percent: number): string => `${Math.floor(percent)} %`

const relative = new Intl.RelativeTimeFormat('en', { numeric: 'auto', style: 'short' })

/** `5 min. ago`, `yesterday`; `at` and `now` in epoch ms. */
export const formatAgo = (at: number, now: number): string => {
  const seconds = Math.max(0, Math.round((now - at) / 1000))
  if (seconds < 45) return 'just now'
  if (seconds < 3600) return relative.format(-Math.max(1, Math.round(seconds / 60)), 'minute')
  if (seconds < 86_400) return relative.format(-Math.round(seconds / 3600), 'hour')
  return relative.format(-Math.round(seconds / 86_400), 'day')
}
