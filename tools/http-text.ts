import { DoubtfulFailure } from './http-failures.ts'
import { openHttp, type HttpContext } from './http-get.ts'
import { representationOf } from './http-representation.ts'

/** A playlist of a day in segments of 2 s has some 4 MiB. */
const MAX_BYTES = 16 * 1024 ** 2

/**
 * Reads what is at an address as text.
 * @throws DoubtfulFailure where it is too long or compressed, SluiceError with the types of source failures; `signal.reason` when
 * aborted.
 */
export const readText = async (
  context: HttpContext,
  ask: { url: string; headers: Readonly<Record<string, string>> },
): Promise<{ text: string; url: string; host: string }> => {
  const http = openHttp(context)
  try {
    const { headers, body, url, host } = await http.get(ask.url, { ...ask.headers, 'accept-encoding': 'identity' })
    const chunks: Buffer[] = []
    let sizeBytes = 0
    try {
      if (representationOf(headers).encoded) throw doubt(host, 'is only sent compressed')
      for await (const chunk of body as AsyncIterable<Buffer>) {
        sizeBytes += chunk.length
        if (sizeBytes > MAX_BYTES) throw doubt(host, 'is too long')
        chunks.push(chunk)
      }
    } catch (error) {
      context.signal?.throwIfAborted()
      throw error instanceof DoubtfulFailure ? error : doubt(host, 'breaks off')
    } finally {
      body.on('error', () => {}).destroy()
    }
    return { text: Buffer.concat(chunks).toString('utf8'), url, host }
  } finally {
    http.close()
  }
}

const doubt = (host: string, what: string): DoubtfulFailure =>
  new DoubtfulFailure('SourceUnavailable', `What ${host} has at this address ${what}.`)
