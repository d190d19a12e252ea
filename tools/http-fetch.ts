import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { downloadFile } from './http-download.ts'
import { BROWSER_HEADERS, type HttpContext } from './http-get.ts'
import { safeEnding } from './media-ending.ts'
import { BEYOND_ADDRESS, chosenFormats, type YtdlpFormat, type YtdlpInfo } from './ytdlp-info.ts'
import type { FormatProgress } from './ytdlp-progress.ts'
import { partId, type FetchedFormat } from './ytdlp.ts'

/** A format that is one file at one address. */
export interface DirectFile {
  url: string
  ext: string
  headers: Readonly<Record<string, string>>
}

/** The files that an answer chose, picture before sound; null where one of them is more than one request without cookies. */
export const directFiles = (info: YtdlpInfo): DirectFile[] | null => {
  const files = chosenFormats(info).map(directFile)
  return files.every((file) => file !== null) ? files : null
}

const directFile = (format: YtdlpFormat): DirectFile | null => {
  const { url, ext, protocol } = format
  if (!url || !URL.canParse(url) || (protocol !== 'http' && protocol !== 'https')) return null
  return BEYOND_ADDRESS.some((field) => (format[field] ?? null) !== null)
    ? null
    : { url, ext: safeEnding(ext), headers: headersOf(format) }
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
  const parts = files.map((file, index) => {
    const formatId = partId(index)
    return { ...file, formatId, path: join(dir, `${formatId}.${file.ext}`) }
  })
  const fetched: FetchedFormat[] = []
  await mkdir(dir, { recursive: true })
  for (const { url, headers, formatId, path } of parts) {
    const sizeBytes = await downloadFile(context, {
      url,
      headers,
      path,
      onReading: (reading) =>
        onProgress({
          ...reading,
          formatId,
          finished: reading.doneBytes === reading.totalBytes,
          estimated: reading.totalBytes === null,
        }),
    })
    fetched.push({ path, sizeBytes })
  }
  return fetched
}
