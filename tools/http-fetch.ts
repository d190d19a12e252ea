import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { downloadFile } from './http-download.ts'
import { BROWSER_HEADERS, type HttpContext } from './http-get.ts'
import { safeEnding } from './media-ending.ts'
import { chosenFormats, type YtdlpFormat, type YtdlpInfo } from './ytdlp-info.ts'
import type { FormatProgress } from './ytdlp-progress.ts'
import { partId, type FetchedFormat } from './ytdlp.ts'

/** A format that is one file at one address. */
export interface DirectFile {
  url: string
  ext: string
  headers: Readonly<Record<string, string>>
}

/** The file that an answer is about; null where there is more to it than one request without cookies. */
export const directFile = (info: YtdlpInfo): DirectFile | null => {
  const [format, ...others] = info.direct === true ? chosenFormats(info) : []
  if (format === undefined || others.length > 0 || hasMore(format)) return null
  const { url, ext, protocol } = format
  if (!url || !URL.canParse(url) || (protocol !== 'http' && protocol !== 'https')) return null
  return { url, ext: safeEnding(ext), headers: headersOf(format) }
}

const hasMore = (format: YtdlpFormat): boolean =>
  ['cookies', 'fragments', 'request_data'].some((field) => format[field] !== undefined && format[field] !== null)

const headersOf = ({ http_headers }: YtdlpFormat): Record<string, string> =>
  Object.fromEntries(
    Object.entries({ ...BROWSER_HEADERS, ...(http_headers as object | undefined) }).flatMap(([name, value]) =>
      typeof value === 'string' ? [[name.toLowerCase(), value]] : [],
    ),
  )

/** Fetches the file into a folder, as yt-dlp would: the same name, the same readings. @throws as {@link downloadFile}. */
export const fetchDirect = async (
  context: HttpContext,
  dir: string,
  file: DirectFile,
  onProgress: (progress: FormatProgress) => void,
): Promise<FetchedFormat> => {
  const path = join(dir, `${partId(0)}.${file.ext}`)
  try {
    const sizeBytes = await downloadFile(context, {
      url: file.url,
      headers: file.headers,
      path,
      onReading: (reading) =>
        onProgress({
          ...reading,
          formatId: partId(0),
          finished: reading.doneBytes === reading.totalBytes,
          estimated: reading.totalBytes === null,
        }),
    })
    return { path, sizeBytes }
  } catch (error) {
    // yt-dlp, which may come next, would take it for its own and whole.
    await rm(path, { force: true })
    throw error
  }
}
