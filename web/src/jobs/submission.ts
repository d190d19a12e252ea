import { parseClockTime } from '../../../contract/clock-time.ts'
import { isEnded } from '../../../contract/names.ts'
import { PRESETS, type AudioFormat, type JobOptions, type PresetName } from '../../../contract/presets.ts'
import type { Accepted, Submission } from '../http/jobs.ts'

/** The form as a person has filled it in; numbers are still text. */
export interface Draft {
  addresses: string
  preset: PresetName
  maxHeight: string
  maxSize: string
  sizeUnit: 'MB' | 'GB'
  keepSource: boolean
  audioFormat: AudioFormat
  /** Empty: as the preset says. */
  loudness: '' | 'on' | 'off'
  /** As a player shows times; empty for all of it. */
  start: string
  end: string
  force: boolean
}

/** Between two addresses in one line: blanks, or a comma or semicolon with another address right behind it. */
const BETWEEN = /[,;]?\s+|[,;](?=[a-z][a-z0-9+.-]*:\/\/)/i
const IS_ADDRESS = /^[a-z][a-z0-9+.-]*:\/\//i
const BULLET = /^(?:[-*•]|\d+[.)])\s+/

/**
 * The addresses of a pasted text, each once, in order: one a line, or several in a line. Bullets and trailing commas of lists
 * are taken off. A line that is no list of addresses stays whole, so that the server's answer names what was written.
 */
export const parseAddresses = (text: string): string[] => {
  const addresses = text.split(/\r?\n/).flatMap((line) => {
    const content = line
      .trim()
      .replace(BULLET, '')
      .replace(/[,;]+$/, '')
    const words = content.split(BETWEEN)
    return words.every((word) => IS_ADDRESS.test(word)) ? words : [content]
  })
  return [...new Set(addresses.filter((address) => address !== ''))]
}

const BYTES = { MB: 1e6, GB: 1e9 } as const

/** Bytes of the size a person typed; undefined for nothing or for what is no size. */
const sizeBytes = (draft: Draft): number | undefined => {
  const amount = Number(draft.maxSize.replace(',', '.'))
  return draft.maxSize.trim() === '' || !(amount > 0) ? undefined : Math.round(amount * BYTES[draft.sizeUnit])
}

const readTimes = ({ start, end }: Pick<Draft, 'start' | 'end'>) => ({
  startMs: parseClockTime(start),
  endMs: parseClockTime(end),
})

/** What is wrong with the part that is wanted; null where nothing is. */
export const timesProblem = (draft: Pick<Draft, 'start' | 'end'>): string | null => {
  const { startMs, endMs } = readTimes(draft)
  const unread = (text: string, ms: number | null): boolean => text.trim() !== '' && ms === null
  if (unread(draft.start, startMs) || unread(draft.end, endMs)) return 'Times look like 83, 1:23 or 1:02:03.5.'
  return endMs !== null && endMs <= (startMs ?? 0) ? 'The end has to lie after the start.' : null
}

const toOptions = (draft: Draft): JobOptions => {
  const options: JobOptions = {}
  const bytes = sizeBytes(draft)
  if (bytes !== undefined) options.maxSizeBytes = bytes
  if (draft.keepSource) options.keepSource = true
  if (draft.loudness !== '' && PRESETS[draft.preset].audio !== 'source') options.loudness = draft.loudness === 'on'
  const { startMs, endMs } = readTimes(draft)
  if (startMs !== null) options.startMs = startMs
  if (endMs !== null) options.endMs = endMs
  if (draft.preset === 'audio') options.audioFormat = draft.audioFormat
  else if (draft.maxHeight !== '') options.maxHeight = Number(draft.maxHeight)
  return options
}

export const toSubmissions = (draft: Draft, addresses: readonly string[]): Submission[] =>
  addresses.map((url) => ({ url, preset: draft.preset, force: draft.force, options: toOptions(draft) }))

export interface Refused {
  address: string
  reason: string
}

export interface Outcome {
  started: number
  /** Jobs that were there already; nothing new was started for them. `isDone`: their media are there, too. */
  known: { jobId: string; address: string; isDone: boolean }[]
  refused: Refused[]
}

/** What became of each address. An address that the answer does not mention counts as refused: nothing is lost silently. */
export const outcomeOf = (addresses: readonly string[], items: readonly Accepted[]): Outcome => {
  const outcome: Outcome = { started: 0, known: [], refused: [] }
  addresses.forEach((address, index) => {
    const item = items.find((candidate) => candidate.index === index)
    if (item?.job && item.deduplicated) {
      outcome.known.push({ jobId: item.job.id, address, isDone: isEnded(item.job.state) })
    } else if (item?.job) outcome.started += 1
    else outcome.refused.push({ address, reason: item?.error?.detail || item?.error?.title || 'No answer came.' })
  })
  return outcome
}
