import { z } from 'zod'
import type { ToolProgress } from '../contract/progress.ts'
import { FILE_PREFIX, PROGRESS_PREFIX } from './ytdlp-args.ts'

/** What yt-dlp says of one file it is fetching; null for what it does not know. */
export interface FormatProgress {
  formatId: string
  finished: boolean
  doneBytes: number
  totalBytes: number | null
  /** Whether the total is a guess from the segments so far. */
  estimated: boolean
  bytesPerSecond: number | null
}

const number = z.number().nullish().catch(null)
const reading = z.object({
  status: z.string(),
  downloaded_bytes: number,
  total_bytes: number,
  total_bytes_estimate: number,
  speed: number,
})

/** One line of `--progress-template`; null for any other line. */
export const parseProgress = (line: string): FormatProgress | null => {
  const [, formatId, json] = new RegExp(`^${PROGRESS_PREFIX} (\\S+) (\\{.*\\})$`).exec(line) ?? []
  if (formatId === undefined || json === undefined) return null
  const parsed = reading.safeParse(parseJson(json))
  if (!parsed.success) return null
  const { status, downloaded_bytes, total_bytes, total_bytes_estimate, speed } = parsed.data
  return {
    formatId,
    finished: status === 'finished',
    doneBytes: downloaded_bytes ?? 0,
    totalBytes: total_bytes ?? (total_bytes_estimate ? Math.round(total_bytes_estimate) : null),
    estimated: typeof total_bytes !== 'number',
    bytesPerSecond: speed ? Math.round(speed) : null,
  }
}

/** A line that names a finished file; null for any other line. */
export const parseFileLine = (line: string): { formatId: string; path: string } | null => {
  const [, formatId, json] = new RegExp(`^${FILE_PREFIX} (\\S+) (".*")$`).exec(line) ?? []
  if (formatId === undefined || json === undefined) return null
  const path = parseJson(json)
  return typeof path === 'string' ? { formatId, path } : null
}

const parseJson = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    // Not one of our lines after all.
    return null
  }
}

/**
 * Several files as one reading. `expected` holds the size of each format in bytes, null where unknown; until every size is
 * known, there is no percent.
 */
export const createProgressSum = (expected: ReadonlyMap<string, number | null>) => {
  const done = new Map<string, number>()
  const totals = new Map(expected)
  return (progress: FormatProgress): ToolProgress => {
    // Segments that are fetched again make the count step back.
    done.set(progress.formatId, Math.max(done.get(progress.formatId) ?? 0, progress.doneBytes))
    const known = totals.get(progress.formatId) ?? null
    if (progress.totalBytes !== null && (!progress.estimated || known === null || progress.totalBytes > known)) {
      totals.set(progress.formatId, progress.totalBytes)
    }
    const doneBytes = sum(done.values())
    const sizes = [...totals.values()]
    const total = sizes.every((size) => size !== null) ? Math.max(sum(sizes), doneBytes) : null
    const rate = progress.bytesPerSecond
    return {
      unit: 'bytes',
      done: doneBytes,
      total,
      percent: total ? (100 * doneBytes) / total : null,
      rate,
      etaMs: total !== null && rate ? Math.round((1_000 * (total - doneBytes)) / rate) : null,
    }
  }
}

const sum = (values: Iterable<number>): number => {
  let total = 0
  for (const value of values) total += value
  return total
}
