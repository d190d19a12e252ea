const CLOCK = /^(?:(?:(\d+):)?(\d{1,2}):)?(\d+)(?:[.,](\d{1,3}))?$/

/** Milliseconds of a time as players show it: `83`, `1:23`, `1:02:03.5`; null for what is none. */
export const parseClockTime = (text: string): number | null => {
  const [, hours = '0', minutes = '0', seconds = '', fraction = ''] = CLOCK.exec(text.trim()) ?? []
  if (seconds === '') return null
  const past = Number(seconds) >= 60 && text.includes(':')
  if (past || (Number(minutes) >= 60 && hours !== '0')) return null
  const ms = ((Number(hours) * 60 + Number(minutes)) * 60 + Number(seconds)) * 1_000 + Number(fraction.padEnd(3, '0'))
  return Number.isSafeInteger(ms) ? ms : null
}

/** `1:02:03.5`: as {@link parseClockTime} reads it, without what is zero at either end. */
export const clockTime = (ms: number): string => {
  const [hours, minutes, seconds] = [ms / 3_600_000, (ms / 60_000) % 60, (ms / 1_000) % 60].map(Math.floor)
  const two = (count: number | undefined): string => String(count ?? 0).padStart(2, '0')
  const whole = hours ? `${hours}:${two(minutes)}:${two(seconds)}` : `${minutes}:${two(seconds)}`
  const fraction = String(ms % 1_000)
    .padStart(3, '0')
    .replace(/0+$/, '')
  return fraction === '' ? whole : `${whole}.${fraction}`
}
