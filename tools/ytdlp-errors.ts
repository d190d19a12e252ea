import { SluiceError, type FailureCode, type FailureDetails } from '../contract/failures.ts'
import {
  blockedAddress,
  endlessRedirects,
  parseRetryAfter,
  refusedConnection,
  statusFailure,
  unknownHost,
  UNREACHED,
} from './http-failures.ts'
import { wordsOf } from './ytdlp-words.ts'

/** What an HTTP server answered where yt-dlp did not get what it asked for. */
export interface HttpReport {
  status: number
  host: string | null
  /** Whether a web address was asked for: the guard answers for others with a status of its own. */
  onTheWeb: boolean
  retryAfterMs: number | null
}

/** A call of yt-dlp that failed, and what was seen beside it. */
export interface YtdlpEnd {
  /** Its lines that say why, in order, as they came. */
  errors: readonly string[]
  http: readonly HttpReport[]
  blockedHosts: readonly string[]
  unknownHosts: readonly string[]
  /** Host of the address that was asked for. */
  host: string
  details: FailureDetails
}

const REPORT = /^SLUICE-HTTP (\{.*\})$/
/** A line of the plugin in ytdlp-plugins/; null for any other line. */
export const parseHttpReport = (line: string, now: number = Date.now()): HttpReport | null => {
  const json = REPORT.exec(line)?.[1]
  if (json === undefined) return null
  const { status, scheme, host, retryAfter } = JSON.parse(json) as Record<string, unknown>
  return {
    status: Number(status),
    host: typeof host === 'string' ? host : null,
    onTheWeb: scheme === 'http' || scheme === 'https',
    retryAfterMs: typeof retryAfter === 'string' ? parseRetryAfter(retryAfter, now) : null,
  }
}

const notOnTheWeb = (host: string): string =>
  `${host} leads to an address that is not on the web: it does not begin with http:// or https://.`

const because = (words: string): string => (words === '' ? '.' : `: ${words}`)

type Sentence = string | ((host: string, words: string) => string)

/** yt-dlp's words, in the order in which they are looked for: the particular before the general. */
const WORDS: readonly [RegExp, FailureCode, Sentence][] = [
  // A redirect is an answer of the site; what it means needs no status.
  [/redirect loop detected/i, 'UnsupportedMedia', endlessRedirects],
  [/file:\/\/ URLs are disabled|unsupported url scheme/i, 'UnsupportedMedia', notOnTheWeb],
  [/is not a valid URL/i, 'InvalidRequest', 'This is not an address that can be opened.'],
  [/DRM/, 'UnsupportedMedia', 'The media are protected by DRM and cannot be downloaded.'],
  [
    /live event will begin|premieres? in|premiere will begin|not currently live|is offline|live event has ended/i,
    'UnsupportedMedia',
    'This is a live stream without a recording.',
  ],
  [
    /geo.?restrict|not (made this video )?available in your (country|location|region)|not available from your location|blocked it in your country/i,
    'SourceForbidden',
    (host) => `${host} does not offer this in the country of this machine.`,
  ],
  [/rate.?limit|too many requests/i, 'SourceThrottled', (host) => `${host} asks to be called less often.`],
  [
    /confirm you.?re not a bot|confirm your age|age.?restricted|--cookies|log ?in (is )?required|login required|sign ?in to|members.?only|only available (for|to) (registered|subscribed|logged)|requires? (authentication|payment|purchase)/i,
    'NeedsCookies',
    (host) => `${host} wants to see a signed-in browser for this.`,
  ],
  [/private (video|account|media|playlist)|is private/i, 'SourceForbidden', 'This is private.'],
  [
    /anti-bot challenge|impersonat/i,
    'SourceForbidden',
    (host) => `${host} keeps programs out and let this one not in.`,
  ],
  [
    /has been (removed|deleted|terminated)|no longer (available|exists)|does(n.t| not) exist|video unavailable|account .*terminated|has expired/i,
    'SourceNotFound',
    (_host, words) => `This is not there any more${because(words)}`,
  ],
  [
    /unsupported URL|no video could be found|no video formats found|no media found|there.?s no video|requested format is not available|only images are available|unable to extract/i,
    'UnsupportedMedia',
    'No media were found on this page.',
  ],
  [/did not get any data blocks|downloaded file is empty/i, 'UnsupportedMedia', 'The file at this address is empty.'],
  [
    /downloaded (\d+) bytes, expected (\d+)|bytes read|IncompleteRead|content too short|more expected/i,
    'SourceUnavailable',
    (host, words) => `${host} broke the download off${because(words)}`,
  ],
  // It is never there: what it would do is beyond yt-dlp's own way of reading segments.
  [
    /ffmpeg (could not be found|is not installed|not found)/i,
    'UnsupportedMedia',
    'The stream is of a kind that cannot be downloaded.',
  ],
  [/fragment \d+ not found/i, 'SourceUnavailable', (host) => `A piece of the media is missing at ${host}.`],
  [/timed out|timeout/i, 'SourceUnavailable', UNREACHED.timeout],
  [/refused/i, 'SourceUnavailable', (host) => refusedConnection(host).message],
  [/certificate|SSL|TLS|RENEGOTIATION_DISABLED|HANDSHAKE_FAILURE/i, 'SourceUnavailable', UNREACHED.tls],
  [
    /connection|disconnected|reset by peer|unreachable|transport|urlopen error|network|name resolution|resolve host/i,
    'SourceUnavailable',
    UNREACHED.connection,
  ],
]

/** The failure that yt-dlp's end means, in a sentence a person can act on. */
export const translateYtdlp = (end: YtdlpEnd): SluiceError => {
  const blocked = end.blockedHosts.at(-1)
  if (blocked !== undefined) return blockedAddress(blocked, end.details)
  const unknown = end.unknownHosts.at(-1)
  if (unknown !== undefined) return unknownHost(unknown, end.details)
  const said = end.errors.join('\n')
  const words = wordsOf(end.errors[0] ?? '')
  const report = end.http.findLast(({ status }) => said.includes(`HTTP Error ${status}`))
  if (report?.onTheWeb === false) return new SluiceError('UnsupportedMedia', notOnTheWeb(end.host), end.details)
  const host = report?.host ?? end.host
  const known = WORDS.find(([pattern]) => pattern.test(said))
  // A status says more than "unable to download", but "sign in" says more than 403.
  const status = report?.status ?? statusIn(said)
  if (status !== null && (known === undefined || GENERAL.has(known[1]))) {
    return fromStatus(status, host, { ...end.details, ...retryAfter(report) })
  }
  if (known === undefined) {
    return new SluiceError('ToolCrashed', `yt-dlp could not handle this address${because(words)}`, end.details)
  }
  const [, code, sentence] = known
  const details = code === 'SourceThrottled' ? { ...end.details, ...retryAfter(end.http.at(-1)) } : end.details
  return new SluiceError(code, typeof sentence === 'string' ? sentence : sentence(host, words), details)
}

const GENERAL: ReadonlySet<FailureCode> = new Set(['SourceUnavailable', 'SourceThrottled', 'SourceNotFound'])

const retryAfter = (report: HttpReport | undefined): FailureDetails =>
  report?.retryAfterMs === null || report === undefined ? {} : { retryAfterMs: report.retryAfterMs }

const statusIn = (said: string): number | null => {
  const status = /HTTP Error (\d{3})/.exec(said)?.[1]
  return status === undefined ? null : Number(status)
}

const fromStatus = (status: number, host: string, details: FailureDetails): SluiceError => {
  // The guard answers for hosts that refuse connections with statuses of its own.
  if (status === 594) return refusedConnection(host, details)
  if (status >= 590) return new SluiceError('SourceUnavailable', UNREACHED.connection(host), details)
  return statusFailure(status, host, details)
}
