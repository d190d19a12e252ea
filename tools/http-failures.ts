import { SluiceError, type FailureCode, type FailureDetails } from '../contract/failures.ts'

/** A failure that another client may not meet: yt-dlp looks more like a browser and knows more ways. */
export class DoubtfulFailure extends SluiceError {}

/** Some sites ask to come back next year; a day is as long as waiting makes sense. */
const MAX_RETRY_AFTER_MS = 24 * 3_600_000

/** Seconds or a date (RFC 9110 §10.2.3), as milliseconds from now; null where it is neither. */
export const parseRetryAfter = (value: string, now: number): number | null => {
  const text = value.trim()
  const waitMs = /^\d+$/.test(text) ? 1_000 * Number(text) : text.endsWith('GMT') ? Date.parse(text) - now : Number.NaN
  return Number.isNaN(waitMs) ? null : Math.min(Math.max(waitMs, 0), MAX_RETRY_AFTER_MS)
}

export const blockedAddress = (host: string, details: FailureDetails = {}): SluiceError =>
  new SluiceError('BlockedAddress', `The address leads to ${host}, which is in a private network.`, details)

export const unknownHost = (host: string, details: FailureDetails = {}): SluiceError =>
  new SluiceError('SourceNotFound', `There is no host named ${host}.`, details)

export const refusedConnection = (host: string, details: FailureDetails = {}): SluiceError =>
  new SluiceError('SourceUnavailable', `${host} does not accept connections.`, details)

export const brokenOff = (host: string, words: string): SluiceError =>
  new SluiceError('SourceUnavailable', `${host} broke the download off: ${words}`)

export const endlessRedirects = (host: string): string => `${host} redirects from address to address without an end.`

/** Sentences that begin or end with a host, for failures that have no status. */
export const UNREACHED = {
  connection: (host: string) => `The connection to ${host} fails.`,
  timeout: (host: string) => `${host} did not answer in time.`,
  tls: (host: string) => `No secure connection to ${host}: its certificate or TLS fails.`,
} as const

/** What an answer means that brings nothing: of 300 or above, where redirects that lead to a web address have been followed. */
export const statusFailure = (status: number, host: string, details: FailureDetails = {}): SluiceError => {
  const failure = (code: FailureCode, sentence: string): SluiceError =>
    new SluiceError(code, `${sentence} (HTTP ${status}).`, details)
  if (status === 404 || status === 410) return failure('SourceNotFound', `${host} has nothing at this address`)
  if (status === 429) return failure('SourceThrottled', `${host} asks to be called less often`)
  if (status >= 300 && status < 400 && status !== 304) {
    return failure('UnsupportedMedia', `${host} redirects, but to no web address`)
  }
  if (status >= 500 || status === 304 || status === 408 || status === 416 || status === 425) {
    return failure('SourceUnavailable', `${host} does not answer as it should`)
  }
  return failure('SourceForbidden', `${host} refuses access to this`)
}

const TIMEOUTS = new Set(['ETIMEDOUT', 'ERR_SSL_HANDSHAKE_TIMEOUT'])
/** OpenSSL's and Node's names of what can be wrong with a certificate or a handshake. */
const TLS = /CERT|TLS|SSL|UNABLE_TO|EPROTO/

/** What an error of the HTTP client or of a socket means; failures of ours stay as they are. */
export const connectionFailure = (error: unknown, host: string): SluiceError => {
  if (error instanceof SluiceError) return error
  const code = (error as NodeJS.ErrnoException | null)?.code ?? ''
  if (code === 'ECONNREFUSED') return refusedConnection(host)
  const kind = TIMEOUTS.has(code) ? 'timeout' : TLS.test(code) ? 'tls' : 'connection'
  return new DoubtfulFailure('SourceUnavailable', UNREACHED[kind](host), {}, error)
}
