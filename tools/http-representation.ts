import type { HttpHeaders } from './http-get.ts'

/** What the headers of an answer say of the file behind it (RFC 9110 §8). */
export interface Representation {
  /** Bytes of the whole file; null where the origin does not say. */
  sizeBytes: number | null
  /** For If-Range: what differs as soon as a byte of the file does; null where nothing does that surely. */
  validator: string | null
  /** Lower-case media type without parameters; empty where there is none. */
  contentType: string
  /** Whether the bytes that come are not those of the file. */
  encoded: boolean
}

export const representationOf = (headers: HttpHeaders): Representation => {
  const encoded = !/^(identity)?$/i.test(headers['content-encoding'] ?? '')
  return {
    sizeBytes: encoded ? null : wholeNumber(headers['content-length']),
    validator: validatorOf(headers),
    contentType: (headers['content-type'] ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? '',
    encoded,
  }
}

/** A strong ETag, or a date that is strong by the clock of the origin itself (RFC 9110 §8.8.2.2). */
const validatorOf = (headers: HttpHeaders): string | null => {
  const { etag, date } = headers
  const modified = headers['last-modified']
  if (etag !== undefined) return /^"[^"]*"$/.test(etag) ? etag : null
  if (modified === undefined || date === undefined) return null
  return Date.parse(date) - Date.parse(modified) >= 1_000 ? modified : null
}

/** `bytes 500-999/1000`, of an answer of 206 (RFC 9110 §14.4); null where it is not so. */
export const contentRangeOf = (headers: HttpHeaders): { start: number; totalBytes: number | null } | null => {
  const [, start, total] = /^bytes (\d+)-\d+\/(\d+|\*)$/.exec(headers['content-range'] ?? '') ?? []
  return start === undefined ? null : { start: Number(start), totalBytes: wholeNumber(total) }
}

const wholeNumber = (text: string | undefined): number | null =>
  text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : null
