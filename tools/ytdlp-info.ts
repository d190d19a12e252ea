import { createHash } from 'node:crypto'
import { z } from 'zod'
import { SluiceError } from '../contract/failures.ts'
import { plainTitle } from '../contract/plain-title.ts'

const text = z.string().nullish().catch(null)
const number = z.number().nullish().catch(null)

const formatSchema = z.looseObject({
  format_id: z.string(),
  url: text,
  ext: text,
  protocol: text,
  vcodec: text,
  acodec: text,
  width: number,
  height: number,
  fps: number,
  tbr: number,
  filesize: number,
  filesize_approx: number,
  format_note: text,
  /** Never yt-dlp's: what the origin says by which its file is told from another, where it was asked itself. */
  validator: text,
  language: text,
})
export type YtdlpFormat = z.infer<typeof formatSchema>

const infoSchema = z.looseObject({
  _type: text,
  id: z.string(),
  title: text,
  extractor: z.string(),
  extractor_key: text,
  /** Whether the address is that of a file of media. */
  direct: z.boolean().nullish().catch(null),
  webpage_url: text,
  webpage_url_domain: text,
  uploader: text,
  channel: text,
  creator: text,
  duration: number,
  live_status: text,
  is_live: z.boolean().nullish().catch(null),
  thumbnail: text,
  formats: z.array(formatSchema).nullish(),
  requested_formats: z.array(formatSchema).nullish(),
  requested_downloads: z.array(z.looseObject({ format_id: text })).nullish(),
  entries: z.array(z.unknown()).nullish(),
})
export type YtdlpInfo = z.infer<typeof infoSchema>

/** The answer of `--dump-single-json`. @throws SluiceError ToolCrashed where it is not one. */
export const parseInfo = (json: string): YtdlpInfo => {
  try {
    return withFormats(infoSchema.parse(JSON.parse(json)))
  } catch (error) {
    throw new SluiceError('ToolCrashed', 'yt-dlp gave an answer that cannot be read.', { tool: 'ytdlp' }, error)
  }
}

/** What makes a format more than a file at its address: cookies, pieces, a form, how to be fast, when to come. */
export const BEYOND_ADDRESS = ['cookies', 'fragments', 'request_data', 'downloader_options', 'available_at'] as const

/** What is read of a format here; the rest yt-dlp finds where it wrote it. */
const FORMAT_FIELDS = [...Object.keys(formatSchema.shape), 'http_headers', ...BEYOND_ADDRESS]

/** Where there is but one format, many extractors write its fields into the answer itself; the generic one, for files of unknown type. */
const withFormats = (info: YtdlpInfo): YtdlpInfo => {
  const { format_id, url } = info
  if (info._type === 'playlist' || (info.formats?.length ?? 0) > 0 || typeof format_id !== 'string' || !url) return info
  const only = Object.fromEntries(FORMAT_FIELDS.map((field) => [field, info[field]]))
  return { ...info, formats: [formatSchema.parse({ ...only, format_id })], requested_downloads: [{ format_id }] }
}

/** Formats of page readers have no ids of their own: two pages may both hold "video-1". */
const IDLESS = /^(generic|html5mediaembed|html5)$/i
const isIdless = ({ extractor, extractor_key }: YtdlpInfo): boolean =>
  IDLESS.test(extractor_key ?? extractor) || IDLESS.test(extractor)

/** Who the media are: the same media have the same key, however they are addressed. */
export const identityOf = (
  info: YtdlpInfo,
  normalisedUrl: string,
): { extractor: string; id: string; sourceKey: string; title: string } => {
  const named = plainTitle(info.title ?? '')
  if (isIdless(info)) {
    const sha = createHash('sha256').update(normalisedUrl).digest('hex')
    // The reader of <video> elements numbers even a single one.
    const title = info.extractor === 'html5' ? named.replace(/ \(1\)$/, '') : named
    return {
      extractor: 'generic',
      id: sha.slice(0, 8),
      sourceKey: `generic:${sha}`,
      title: title || plainTitle(info.id),
    }
  }
  const extractor = info.extractor.toLowerCase()
  return { extractor, id: info.id, sourceKey: `${extractor}:${info.id}`, title: named || plainTitle(info.id) }
}

/**
 * By which media are told that were changed at their site since; null where nothing tells: a page's own words about a file, its
 * size among them, may be as they were.
 */
export const stampOf = (info: YtdlpInfo): string | null => {
  const formats = chosenFormats(info)
  const hasId = !isIdless(info)
  if (!hasId && formats.some(({ validator }) => (validator ?? null) === null)) return null
  const marks = formats.map((format) => STAMPED.map((field) => format[field] ?? null))
  return createHash('sha256')
    .update(JSON.stringify([info.duration ?? null, marks]))
    .digest('hex')
    .slice(0, 16)
}

const STAMPED = ['format_id', 'ext', 'vcodec', 'acodec', 'width', 'height', 'fps', 'filesize', 'validator'] as const

/** Who made it, as far as the site says. */
export const uploaderOf = ({ uploader, channel, creator }: YtdlpInfo): string | null =>
  [uploader, channel, creator].map((name) => plainTitle(name ?? '')).find((name) => name !== '') ?? null

/** An address that a page gave, for people to open; null where it is none of the web (`javascript:`, `data:`). */
export const webAddressOf = (text: string | null | undefined): string | null => {
  if (!text || !URL.canParse(text)) return null
  const { protocol, href } = new URL(text)
  return protocol === 'http:' || protocol === 'https:' ? href : null
}

/** Protocols that pass the egress guard; what yt-dlp would leave to other programs is not among them. */
const PROTOCOLS = new Set(['http', 'https', 'm3u8', 'm3u8_native', 'http_dash_segments', 'ism'])

/**
 * The formats that yt-dlp chose, picture before sound.
 * @throws SluiceError UnsupportedMedia where there are none, or where they come by another way than HTTP.
 */
export const chosenFormats = (info: YtdlpInfo): YtdlpFormat[] => {
  const ids = info.requested_formats?.map(({ format_id }) => format_id) ?? [info.requested_downloads?.[0]?.format_id]
  const formats = ids.flatMap((id) => info.formats?.findLast((format) => format.format_id === id) ?? [])
  if (formats.length === 0 || formats.length !== ids.length) {
    throw new SluiceError('UnsupportedMedia', 'No media were found on this page.')
  }
  const other = formats.find(({ protocol }) => !PROTOCOLS.has(protocol ?? ''))
  if (other) {
    throw new SluiceError('UnsupportedMedia', `The media are only offered over "${other.protocol}", not over HTTP.`)
  }
  return formats
}

/** Refuses what has no end yet. @throws SluiceError UnsupportedMedia */
export const refuseLive = (info: YtdlpInfo): void => {
  const status = info.live_status ?? (info.is_live === true ? 'is_live' : 'not_live')
  if (status === 'is_upcoming') throw new SluiceError('UnsupportedMedia', 'This live stream has not begun yet.')
  if (status === 'is_live' || status === 'post_live') {
    throw new SluiceError('UnsupportedMedia', 'This is a live stream; it can be taken once its recording is there.')
  }
}

/** Size of one format in bytes, and whether it is yt-dlp's guess from bit rate and duration. */
export const sizeOfFormat = (format: YtdlpFormat): { bytes: number; estimated: boolean } | null => {
  if (format.filesize) return { bytes: format.filesize, estimated: false }
  return format.filesize_approx ? { bytes: Math.round(format.filesize_approx), estimated: true } : null
}

/** How signed addresses say when they end: seconds since 1970. */
const EXPIRY_NAMES = /^(expires?|exp|x-expires|validto|e)$/i

/** Epoch ms at which the first of the addresses ends; null where none says. */
export const expiryOf = (formats: readonly YtdlpFormat[]): number | null => {
  const ends = formats.flatMap(({ url }) => (url && URL.canParse(url) ? endsOf(new URL(url)) : []))
  return ends.length === 0 ? null : Math.min(...ends)
}

const endsOf = (url: URL): number[] =>
  [...url.searchParams, ...pathPairs(url)].flatMap(([name, value]) =>
    // Ten digits: a moment between 2001 and 2286.
    EXPIRY_NAMES.test(name) && /^\d{10}$/.test(value) ? [1_000 * Number(value)] : [],
  )

/** Some sites write their query into the path: `/expire/1700000000/`. */
const pathPairs = (url: URL): [string, string][] => {
  const parts = url.pathname.split('/')
  return parts.slice(1).map((value, index) => [parts[index] ?? '', value])
}
