import { connectionFailure, DoubtfulFailure } from './http-failures.ts'
import { BROWSER_HEADERS, openHttp, type HttpAnswer, type HttpContext } from './http-get.ts'
import { directInfo, isBinary, isUntyped, looksDirect } from './http-media.ts'
import { representationOf } from './http-representation.ts'
import type { YtdlpInfo } from './ytdlp-info.ts'

/** yt-dlp is there for what takes longer. */
const PATIENCE_MS = 10_000

/**
 * Asks the origin itself what is at an address that looks like one file of media, by one request of which only the headers are read. Null
 * where it is not such a file or that is in doubt: then yt-dlp is to be asked.
 * @throws SluiceError with the types of source failures, where yt-dlp would certainly fail likewise; `signal.reason`.
 */
export const askDirect = async (context: HttpContext, url: string): Promise<YtdlpInfo | null> => {
  if (!looksDirect(url)) return null
  const http = openHttp({ ...context, silenceMs: Math.min(context.silenceMs, PATIENCE_MS) })
  try {
    const answer = await http.get(url, { ...BROWSER_HEADERS, 'accept-encoding': 'identity' })
    // Closing ends it.
    answer.body.on('error', () => {})
    const info = directInfo(answer, url)
    if (info === null) return null
    const { contentType } = representationOf(answer.headers)
    const doubtful = isUntyped(contentType) && !isBinary(await firstBytesOf(answer))
    return doubtful ? null : info
  } catch (error) {
    if (error instanceof DoubtfulFailure) return null
    throw error
  } finally {
    http.close()
  }
}

/** The first piece that comes; empty where none does. */
const firstBytesOf = async ({ body, host }: HttpAnswer): Promise<Uint8Array> => {
  try {
    for await (const chunk of body) return chunk as Buffer
    return Buffer.alloc(0)
  } catch (error) {
    throw connectionFailure(error, host)
  }
}
