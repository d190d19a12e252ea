import { BROWSER_HEADERS, type HttpAnswer } from './http-get.ts'
import { safeEnding } from './media-ending.ts'
import { representationOf } from './http-representation.ts'
import { parseInfo, type YtdlpInfo } from './ytdlp-info.ts'

/** Endings of addresses that lead to one file of media. Playlists are for yt-dlp, and so is `ts`, mostly a piece of one. */
const EXTENSIONS = /\.(mp4|m4v|mov|webm|mkv|avi|ogv|mp3|m4a|aac|ogg|oga|opus|flac|wav)$/i

/** Sites for which yt-dlp knows more of such an address than the file says (`yt-dlp --list-extractors ADDRESS`). */
const KNOWN_SITES = /(^|\.)(arnes\.si|art19\.com|audioboom\.com|dropbox\.com|imgur\.com|redgifs\.com|spreaker\.com)$/i

/** Whether an address looks like one file of media. */
export const looksDirect = (address: string): boolean => {
  const { pathname, hostname } = new URL(address)
  return EXTENSIONS.test(pathname) && !KNOWN_SITES.test(hostname)
}

/** Media types, without those of playlists: what yt-dlp's generic extractor takes as "direct video link". */
const MEDIA = /^(?:audio|video|application(?=\/ogg$))\/(?!.*mpegurl|f4m|.*dash)([^;\s]+)$/
const UNTYPED = /^(?:application\/(?:octet-stream|binary|(?:x-|force-)download)|binary\/octet-stream|text\/plain|)$/

/** Whether a media type says nothing (many servers call `text/plain` what they do not know), so that the bytes have to be looked at. */
export const isUntyped = (contentType: string): boolean => UNTYPED.test(contentType)

/** How yt-dlp names what is behind an address, so that media keep their names and keys. */
const nameOf = (address: string): { id: string; title: string; ext: string } => {
  const { href, pathname } = new URL(address)
  return {
    id: unquote(stem(href.replace(/\/+$/, '').split('/').at(-1) ?? '')),
    title: unquote(stem(baseName(pathname))),
    ext: pathname.slice(pathname.lastIndexOf('.') + 1),
  }
}

/**
 * yt-dlp's answer of a file of media, under the address that was asked for where the one that answered is no name: stores of
 * files send on to addresses that are made of numbers and signatures, which are nobody's to keep.
 */
export const nameAsAsked = (info: YtdlpInfo, asked: string): YtdlpInfo => {
  if (info.direct !== true || info.extractor !== 'generic' || looksDirect(info.webpage_url ?? asked)) return info
  const moved = { ...info, webpage_url: asked }
  const { id, title, ext } = nameOf(asked)
  if (!looksDirect(asked) || title === '') return moved
  const formats = info.formats?.map((format) => (safeEnding(format.ext) === 'bin' ? { ...format, ext } : format))
  return { ...moved, id, title, formats }
}

/**
 * What yt-dlp's generic extractor says of a file of media, made from the headers of an answer; null where they are not of such a
 * file.
 */
export const directInfo = (
  { url, status, headers }: Omit<HttpAnswer, 'body'>,
  asked: string = url,
): YtdlpInfo | null => {
  const { contentType, sizeBytes, encoded, validator } = representationOf(headers)
  const kind = MEDIA.exec(contentType)?.[1]
  const telling = [url, asked].find((address) => looksDirect(address))
  const { hostname, protocol } = new URL(url)
  if (status !== 200 || encoded || telling === undefined || KNOWN_SITES.test(hostname)) return null
  if (kind === undefined && !isUntyped(contentType)) return null
  const { id, title, ext } = nameOf(telling)
  if (title === '') return null
  const format = {
    format_id: kind ?? '0',
    url,
    ext,
    vcodec: contentType.startsWith('audio/') ? 'none' : null,
    protocol: protocol.slice(0, -1),
    filesize: sizeBytes,
    validator,
    http_headers: BROWSER_HEADERS,
  }
  return parseInfo(
    JSON.stringify({
      _type: 'video',
      id,
      title,
      direct: true,
      extractor: 'generic',
      extractor_key: 'Generic',
      webpage_url: telling,
      formats: [format],
      requested_downloads: [{ format_id: format.format_id }],
    }),
  )
}

/** Pages and playlists begin with text. */
export const isBinary = (firstBytes: Uint8Array): boolean => {
  const head = new TextDecoder().decode(firstBytes.subarray(0, 512)).trimStart()
  return head !== '' && !head.startsWith('<') && !head.startsWith('#EXTM3U')
}

/** The last piece of a path, without parameters (RFC 2396 §3.3), which Python's urlparse takes off. */
const baseName = (pathname: string): string =>
  pathname
    .replace(/;[^/]*$/, '')
    .replace(/^\/+|\/+$/g, '')
    .split('/')
    .at(-1) ?? ''

/** Python's os.path.splitext: dots at the beginning belong to the name. */
const stem = (name: string): string => name.replace(/^(\.*[^.].*)\.[^.]*$/s, '$1')

/** Python's urllib.parse.unquote: what is no UTF-8 becomes a replacement character. */
const unquote = (text: string): string => {
  const bytes = Buffer.from(text).toString('latin1')
  const plain = bytes.replace(/%([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
  return new TextDecoder('utf-8', { ignoreBOM: true }).decode(Buffer.from(plain, 'latin1'))
}
