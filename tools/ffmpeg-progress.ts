import type { ToolProgress } from '../contract/progress.ts'

/** Progress as `key=value` lines on stdout, four times a second: bars move smoothly and a line costs nothing. */
export const PROGRESS_ARGS: readonly string[] = ['-nostats', '-progress', 'pipe:1', '-stats_period', '0.25']

/**
 * Reads the lines of `-progress`; a reading is complete with its `progress=` line, all others give null.
 * `totalMs` is how much media there is, null where unknown.
 */
export const createProgressParser = (totalMs: number | null) => {
  let doneMs = 0
  let speed: number | null = null
  return (line: string): ToolProgress | null => {
    const separator = line.indexOf('=')
    const key = line.slice(0, separator)
    const value = line.slice(separator + 1).trim()
    // In spite of its name out_time_ms counts microseconds too; N/A until the first packet is written.
    if (key === 'out_time_us') doneMs = Math.max(doneMs, Math.round(Number(value) / 1_000) || 0)
    if (key === 'speed') speed = Number.parseFloat(value) || null
    if (key !== 'progress') return null
    return readingOf({ doneMs, totalMs, speed, ended: value === 'end' })
  }
}

interface Reading {
  doneMs: number
  totalMs: number | null
  speed: number | null
  ended: boolean
}

const readingOf = ({ doneMs, totalMs, speed, ended }: Reading): ToolProgress => {
  const total = totalMs !== null && totalMs > 0 ? totalMs : null
  const done = total === null ? doneMs : Math.min(doneMs, total)
  const rate = speed === null ? null : speed * 1_000
  return {
    unit: 'mediaMs',
    percent: ended ? 100 : total === null ? null : (100 * done) / total,
    done,
    total,
    rate,
    etaMs: ended ? 0 : total === null || rate === null ? null : Math.round(((total - done) / rate) * 1_000),
  }
}

/** Only media that moves is progress: ffmpeg prints its lines even while it hangs. */
export const createProgressWatch = () => {
  const newest = new Map<string, string>()
  return (line: string): boolean => {
    const [key = '', value = ''] = line.split('=', 2)
    if (!['out_time_us', 'frame', 'total_size'].includes(key) || newest.get(key) === value) return false
    newest.set(key, value)
    return true
  }
}
