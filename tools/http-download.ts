import { constants, open, type FileHandle } from 'node:fs/promises'
import { setTimeout as wait } from 'node:timers/promises'
import { SluiceError } from '../contract/failures.ts'
import { brokenOff, connectionFailure, DoubtfulFailure, UNREACHED } from './http-failures.ts'
import { openHttp, type HttpAnswer, type HttpClient, type HttpContext } from './http-get.ts'
import { createMeter, type Reading } from './http-meter.ts'
import { notePart, readPart, type Part } from './http-part.ts'
import { contentRangeOf, representationOf } from './http-representation.ts'

export interface FileAsk {
  url: string
  headers: Readonly<Record<string, string>>
  /** Where the file is to be. */
  path: string
  /** What this throws ends the download. */
  onReading: (reading: Reading) => void
}

/** A line that breaks is taken up at once; an origin that has a problem is for the workflow, which waits longer. */
const MAX_BREAKS = 3
const FIRST_WAIT_MS = 100
/** After so much more than ever before, a break is a new one. */
const ENOUGH_BYTES = 1024 ** 2

/**
 * Fetches a file. What an earlier call left of it, and a connection that breaks, is continued where it ends, as far as the
 * origin vouches that the file is still the same (RFC 9110 §13.1.5), else begun anew. Returns the size in bytes.
 * @throws DoubtfulFailure and SluiceError with the types of source failures; errors of the file system as they are;
 * `signal.reason` when aborted; whatever `onReading` throws.
 */
export const downloadFile = async (context: HttpContext, ask: FileAsk): Promise<number> => {
  const http = openHttp(context)
  const part = await readPart(ask)
  // What is there stays.
  const file = await open(ask.path, constants.O_RDWR | constants.O_CREAT)
  const meter = createMeter(ask.onReading)
  let furthest = 0
  let breaks: SluiceError[] = []
  try {
    for (;;) {
      try {
        await fetchRest({ http, ask, file, meter }, part)
        return part.sizeBytes
      } catch (error) {
        context.signal?.throwIfAborted()
        if (part.sizeBytes >= furthest + ENOUGH_BYTES) breaks = []
        furthest = Math.max(furthest, part.sizeBytes)
        if (!(error instanceof SluiceError) || error.code !== 'SourceUnavailable' || !part.begun) throw error
        breaks.push(error)
        // The first says what happened; those after it, that it could not be mended.
        if (breaks.length > MAX_BREAKS) throw breaks[0]
        await wait(FIRST_WAIT_MS * 2 ** (breaks.length - 1), undefined, { signal: context.signal })
      }
    }
  } finally {
    http.close()
    await file.close()
  }
}

interface Fetch {
  http: HttpClient
  ask: FileAsk
  file: FileHandle
  meter: ReturnType<typeof createMeter>
}

/** One connection: from where the part ends to the end of the file. */
const fetchRest = async ({ http, ask, file, meter }: Fetch, part: Part): Promise<void> => {
  const answer = await askForRest(http, ask, part)
  try {
    if (!continues(answer, part)) {
      await beginAnew(answer, part, file)
      await notePart(ask, part)
    }
    meter.tell(part.sizeBytes, part.totalBytes)
    for await (const chunk of bytesOf(answer, part)) {
      await writeAll(file, chunk, part.sizeBytes)
      part.sizeBytes += chunk.length
      meter.arrived(chunk.length, part.sizeBytes, part.totalBytes)
    }
  } finally {
    answer.body.on('error', () => {}).destroy()
  }
  if (part.totalBytes !== null && part.sizeBytes !== part.totalBytes) throw tooShort(answer.host, part)
  meter.tell(part.sizeBytes, part.sizeBytes)
}

/** A disk that is nearly full takes a part first and says so only when asked for the rest. */
export const writeAll = async (file: FileHandle, chunk: Uint8Array, position: number): Promise<void> => {
  for (let done = 0; done < chunk.length;) {
    done += (await file.write(chunk, done, chunk.length - done, position + done)).bytesWritten
  }
}

const askForRest = async (http: HttpClient, { url, headers }: FileAsk, part: Part): Promise<HttpAnswer> => {
  // Ranges count the bytes that are sent, which are those of the file only where they are not encoded.
  const own = { ...headers, 'accept-encoding': 'identity' }
  if (part.sizeBytes === 0 || part.validator === null) return http.get(url, own)
  return http.get(url, { ...own, range: `bytes=${part.sizeBytes}-`, 'if-range': part.validator })
}

/** Whether the answer is the rest of exactly the file that the part is of. */
const continues = ({ status, headers }: HttpAnswer, part: Part): boolean => {
  if (status !== 206) return false
  const range = contentRangeOf(headers)
  const { validator, encoded } = representationOf(headers)
  return (
    !encoded &&
    part.validator !== null &&
    // Some send the range without looking at If-Range.
    (validator === null || validator === part.validator) &&
    range?.start === part.sizeBytes &&
    (part.totalBytes === null || range.totalBytes === null || range.totalBytes === part.totalBytes)
  )
}

/** @throws SluiceError where the answer is not a whole file. */
const beginAnew = async ({ status, host, headers }: HttpAnswer, part: Part, file: FileHandle): Promise<void> => {
  const { encoded, sizeBytes, validator } = representationOf(headers)
  if (status !== 200) {
    if (!part.begun) throw new DoubtfulFailure('SourceUnavailable', `${host} does not send the whole file.`)
    // The next request asks for the whole.
    part.validator = null
    throw brokenOff(host, 'what it sent afterwards is of another file.')
  }
  if (encoded) throw new DoubtfulFailure('SourceUnavailable', `${host} sends the media only compressed.`)
  await file.truncate(0)
  Object.assign(part, { begun: true, sizeBytes: 0, totalBytes: sizeBytes, validator } satisfies Part)
}

async function* bytesOf({ body, host }: HttpAnswer, part: Part): AsyncGenerator<Buffer> {
  try {
    yield* body as AsyncIterable<Buffer>
  } catch (error) {
    const { message } = connectionFailure(error, host)
    throw message === UNREACHED.timeout(host) ? new SluiceError('SourceUnavailable', message) : tooShort(host, part)
  }
}

const tooShort = (host: string, { sizeBytes, totalBytes }: Part): SluiceError =>
  brokenOff(host, `${sizeBytes} ${totalBytes === null ? '' : `of ${totalBytes} `}bytes came.`)
