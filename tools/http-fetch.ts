import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { playlistSegments, webAddress } from './hls-playlist.ts'
import { downloadFile } from './http-download.ts'
import { DoubtfulFailure } from './http-failures.ts'
import { BROWSER_HEADERS, type HttpContext } from './http-get.ts'
import type { Reading } from './http-meter.ts'
import { downloadSegments } from './http-segments.ts'
import { readText } from './http-text.ts'
import { safeEnding } from './media-ending.ts'
import { BEYOND_ADDRESS, chosenFormats, type YtdlpFormat, type YtdlpInfo } from './ytdlp-info.ts'
import type { FormatProgress } from './ytdlp-progress.ts'
import { partId, type FetchedFormat } from './ytdlp.ts'

/** A format that is files at addresses. */
export interface DirectFile {
  /** Of the file; of the playlist of its segments; or of each segment, where that is known. */
  at: { file: string } | { playlist: string } | { segments: readonly string[] }
  ext: string
  headers: Readonly<Record<string, string>>
}

/** The files that an answer chose, picture before sound; null where one of them needs more than requests without cookies. */
export const directFiles = (info: YtdlpInfo): DirectFile[] | null => {
  const files = chosenFormats(info).map(directFile)
  return files.every((file) => file !== null) ? files : null
}

const directFile = (format: YtdlpFormat): DirectFile | null => {
  const at = placeOf(format)
  return at === null ? null : { at, ext: safeEnding(format.ext), headers: headersOf(format) }
}

const placeOf = (format: YtdlpFormat): DirectFile['at'] | null => {
  const { url, protocol } = format
  const beyond = BEYOND_ADDRESS.filter((field) => (format[field] ?? null) !== null)
  if (protocol === 'http_dash_segments' && beyond.every((field) => field === 'fragments')) {
    const segments = fragmentAddresses(format)
    return segments === null ? null : { segments }
  }
  if (!url || !URL.canParse(url) || beyond.length > 0) return null
  if (protocol === 'm3u8_native') return isPlainHls(format) ? { playlist: url } : null
  return protocol === 'http' || protocol === 'https' ? { file: url } : null
}

/** What an extractor may know of a playlist beyond what stands in it. */
const BEYOND_PLAYLIST = ['hls_aes', 'hls_media_playlist_data', 'extra_param_to_segment_url'] as const
const isPlainHls = (format: YtdlpFormat): boolean => BEYOND_PLAYLIST.every((field) => (format[field] ?? null) === null)

const fragments = z.array(z.object({ url: z.string().optional(), path: z.string().optional() })).min(1)

/** As yt-dlp puts them together; null where they are not on the web. */
const fragmentAddresses = (format: YtdlpFormat): string[] | null => {
  const parsed = fragments.safeParse(format['fragments'])
  if (!parsed.success) return null
  const base = typeof format['fragment_base_url'] === 'string' ? format['fragment_base_url'] : ''
  const addresses = parsed.data.map(({ url, path }) => webAddress(url ?? `${base}${path ?? ''}`, base || 'none:'))
  return addresses.every((address) => address !== null) ? addresses : null
}

const headersOf = ({ http_headers }: YtdlpFormat): Record<string, string> =>
  Object.fromEntries(
    Object.entries({ ...BROWSER_HEADERS, ...(http_headers as object | undefined) }).flatMap(([name, value]) =>
      typeof value === 'string' ? [[name.toLowerCase(), value]] : [],
    ),
  )

/**
 * Fetches files into a folder one after the other, as yt-dlp would: the same names, the same readings. Goes on with what an
 * earlier call left there. @throws as {@link downloadFile}.
 */
export const fetchDirect = async (
  context: HttpContext,
  dir: string,
  files: readonly DirectFile[],
  onProgress: (progress: FormatProgress) => void,
): Promise<FetchedFormat[]> => {
  const fetched: FetchedFormat[] = []
  await mkdir(dir, { recursive: true })
  for (const [index, { at, headers, ext }] of files.entries()) {
    const formatId = partId(index)
    const path = join(dir, `${formatId}.${ext}`)
    const estimated = !('file' in at)
    const onReading = (reading: Reading): void =>
      onProgress({
        ...reading,
        formatId,
        finished: reading.doneBytes === reading.totalBytes,
        estimated: estimated || reading.totalBytes === null,
      })
    const ask = { headers, path, onReading }
    const sizeBytes =
      'file' in at
        ? await downloadFile(context, { ...ask, url: at.file })
        : await downloadSegments(context, { ...ask, urls: await segmentsAt(context, at, headers) })
    fetched.push({ path, sizeBytes })
  }
  return fetched
}

const segmentsAt = async (
  context: HttpContext,
  at: Exclude<DirectFile['at'], { file: string }>,
  headers: DirectFile['headers'],
): Promise<readonly string[]> => {
  if ('segments' in at) return at.segments
  const { text, url, host } = await readText(context, { url: at.playlist, headers })
  const segments = playlistSegments(text, url)
  if (segments === null) {
    throw new DoubtfulFailure('SourceUnavailable', `The playlist of ${host} is more than files one after the other.`)
  }
  return segments
}
