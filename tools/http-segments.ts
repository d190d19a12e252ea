import { createHash } from 'node:crypto'
import { constants, open, readFile, rename, rm, writeFile, type FileHandle } from 'node:fs/promises'
import { z } from 'zod'
import { downloadFile, writeAll } from './http-download.ts'
import { openHttp, type HttpContext } from './http-get.ts'
import { createMeter, type Reading } from './http-meter.ts'
import { addressOf, readPart, forgetPart } from './http-part.ts'
import { representationOf } from './http-representation.ts'

export interface SegmentsAsk {
  /** Files that, one after the other, are the one that is wanted. */
  urls: readonly string[]
  headers: Readonly<Record<string, string>>
  /** Where that is to be. */
  path: string
  /** What this throws ends the download. */
  onReading: (reading: Reading) => void
}

/** Segments are small: one at a time waits for the network more than it reads. */
const AT_ONCE = 4

/** What of the segments is in the file already. */
interface Joined {
  /** Of the addresses of all. */
  digest: string
  count: number
  sizeBytes: number
  /** What the origin said by which the last one that was joined is told from another; null where it said nothing. */
  validator: string | null
}
const joinedSchema = z.object({
  digest: z.string(),
  count: z.number(),
  sizeBytes: z.number(),
  validator: z.string().nullable(),
})

const noteOf = (path: string): string => `${path}.joined.json`

/**
 * Fetches segments, a few at once, and joins them in order. Goes on with what an earlier call joined, where the segments are under
 * the same addresses (queries aside) and the origin vouches that the last of them is the same. Returns the size in bytes.
 * @throws as `downloadFile`.
 */
export const downloadSegments = async (context: HttpContext, ask: SegmentsAsk): Promise<number> => {
  const joined = await continueWith(context, ask)
  const file = await open(ask.path, constants.O_RDWR | constants.O_CREAT)
  const stopping = new AbortController()
  const signal = AbortSignal.any([stopping.signal, ...(context.signal ? [context.signal] : [])])
  const readings = sumReadings(ask, joined)
  const fetches = new Map<number, Promise<void>>()
  const begin = (index: number): void => {
    const url = ask.urls[index]
    if (url === undefined || fetches.has(index)) return
    const onReading = ({ doneBytes }: Reading): void => readings.arrived(index, doneBytes)
    const piece = { url, headers: ask.headers, path: pieceOf(ask.path, index), onReading }
    const fetching = downloadFile({ ...context, signal }, piece).then(() => undefined)
    // One that fails while an earlier one is awaited is looked at in its turn.
    fetching.catch(() => undefined)
    fetches.set(index, fetching)
  }
  try {
    await file.truncate(joined.sizeBytes)
    while (joined.count < ask.urls.length) {
      for (let ahead = 0; ahead < AT_ONCE; ahead += 1) begin(joined.count + ahead)
      await fetches.get(joined.count)
      await join(file, ask, joined)
      readings.joined(joined)
    }
    return joined.sizeBytes
  } finally {
    stopping.abort()
    await Promise.allSettled(fetches.values())
    await file.close()
  }
}

const pieceOf = (path: string, index: number): string => `${path}.${index}`

/** Appends the next segment, and notes that before it goes: at any moment the file is as long as the note says, or longer. */
const join = async (file: FileHandle, { path, urls }: SegmentsAsk, joined: Joined): Promise<void> => {
  const piece = pieceOf(path, joined.count)
  const part = await readPart({ url: urls[joined.count] ?? '', path: piece })
  const handle = await open(piece)
  try {
    for await (const chunk of handle.createReadStream({ autoClose: false }) as AsyncIterable<Buffer>) {
      await writeAll(file, chunk, joined.sizeBytes)
      joined.sizeBytes += chunk.length
    }
  } finally {
    await handle.close()
  }
  joined.count += 1
  joined.validator = part.validator
  const note = noteOf(path)
  await writeFile(`${note}.new`, JSON.stringify(joined), { mode: 0o600 })
  await rename(`${note}.new`, note)
  await rm(piece)
  await forgetPart(piece)
}

/** What an earlier call joined, as far as it may be gone on with; else nothing. */
const continueWith = async (context: HttpContext, { urls, headers, path }: SegmentsAsk): Promise<Joined> => {
  const digest = createHash('sha256').update(urls.map(addressOf).join('\n')).digest('hex')
  const nothing: Joined = { digest, count: 0, sizeBytes: 0, validator: null }
  const noted = await readNote(path)
  const url = noted === null ? undefined : urls[noted.count - 1]
  if (noted === null || url === undefined || noted.validator === null || noted.digest !== digest) return nothing
  const http = openHttp(context)
  try {
    const answer = await http.get(url, { ...headers, 'accept-encoding': 'identity', range: 'bytes=0-0' })
    answer.body.on('error', () => {}).destroy()
    return representationOf(answer.headers).validator === noted.validator ? noted : nothing
  } finally {
    http.close()
  }
}

const readNote = async (path: string): Promise<Joined | null> => {
  try {
    return joinedSchema.parse(JSON.parse(await readFile(noteOf(path), 'utf8')))
  } catch {
    // There is none.
    return null
  }
}

/** Readings of the whole; how large it will be is a guess from what is there. */
const sumReadings = ({ urls, onReading }: SegmentsAsk, { count, sizeBytes }: Joined) => {
  const meter = createMeter(onReading)
  const underWay = new Map<number, number>()
  let done = { count, sizeBytes }
  let guess: number | null = null
  return {
    arrived: (index: number, doneBytes: number): void => {
      if (index < done.count) return
      const more = doneBytes - (underWay.get(index) ?? 0)
      underWay.set(index, doneBytes)
      const position = [...underWay.values()].reduce((sum, bytes) => sum + bytes, done.sizeBytes)
      meter.arrived(Math.max(0, more), position, guess === null ? null : Math.max(guess, position))
    },
    joined: (now: Joined): void => {
      for (const index of underWay.keys()) if (index < now.count) underWay.delete(index)
      done = { count: now.count, sizeBytes: now.sizeBytes }
      guess = Math.round((now.sizeBytes * urls.length) / now.count)
      if (now.count === urls.length) meter.tell(now.sizeBytes, now.sizeBytes)
    },
  }
}
