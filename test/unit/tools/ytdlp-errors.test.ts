import { describe, expect, it } from 'vitest'
import { parseRetryAfter } from '../../../tools/http-failures.ts'
import { parseHttpReport, translateYtdlp, type YtdlpEnd } from '../../../tools/ytdlp-errors.ts'

const end = (errors: string | string[], more: Partial<YtdlpEnd> = {}): YtdlpEnd => ({
  errors: [errors].flat(),
  http: [],
  blockedHosts: [],
  unknownHosts: [],
  host: 'site.example',
  details: { tool: 'ytdlp', exitCode: 1 },
  ...more,
})
const http = (status: number, retryAfterMs: number | null = null) => ({
  status,
  host: 'cdn.example',
  onTheWeb: true,
  retryAfterMs,
})

describe('translateYtdlp', () => {
  it.each([
    ['ERROR: [generic] \'dog\' is not a valid URL. Set --default-search "ytsearch"', 'InvalidRequest'],
    [
      'ERROR: [generic] 404: Unable to download webpage: HTTP Error 404: Not Found (caused by <HTTPError 404: Not Found>)',
      'SourceNotFound',
    ],
    ['ERROR: unable to download video data: HTTP Error 410: Gone', 'SourceNotFound'],
    ['ERROR: [youtube] abc: Video unavailable', 'SourceNotFound'],
    ['ERROR: [vimeo] 1: This video does not exist.', 'SourceNotFound'],
    ['ERROR: unable to download video data: HTTP Error 403: Forbidden', 'SourceForbidden'],
    ['ERROR: [x] 1: HTTP Error 401: Unauthorized', 'SourceForbidden'],
    ['ERROR: [x] 1: HTTP Error 451: Unavailable For Legal Reasons', 'SourceForbidden'],
    ["ERROR: [youtube] abc: Private video. Sign in if you've been granted access to this video", 'SourceForbidden'],
    ['ERROR: [youtube] abc: The uploader has not made this video available in your country', 'SourceForbidden'],
    ['ERROR: [bbc] 1: This video is not available from your location due to geo restriction', 'SourceForbidden'],
    [
      'ERROR: [generic] Got HTTP Error 403 caused by Cloudflare anti-bot challenge; try again with  --extractor-args "generic:impersonate"',
      'SourceForbidden',
    ],
    [
      'ERROR: [youtube] abc: Sign in to confirm you’re not a bot. Use --cookies-from-browser or --cookies',
      'NeedsCookies',
    ],
    [
      'ERROR: [youtube] abc: Sign in to confirm your age. This video may be inappropriate for some users',
      'NeedsCookies',
    ],
    [
      'ERROR: [site] 1: This video is only available for registered users. Use --cookies, --username and --password',
      'NeedsCookies',
    ],
    ['ERROR: [youtube] abc: Join this channel to get access to members-only content like this video', 'NeedsCookies'],
    ['ERROR: [x] 1: HTTP Error 429: Too Many Requests', 'SourceThrottled'],
    [
      "ERROR: [youtube] abc: This content isn't available, try again later. The current session has been rate-limited by YouTube",
      'SourceThrottled',
    ],
    ['ERROR: [x] 1: HTTP Error 500: Internal Server Error', 'SourceUnavailable'],
    ['ERROR: [x] 1: HTTP Error 594: Connection Refused', 'SourceUnavailable'],
    ['[download] Got error: Downloaded 20000 bytes, expected 201390 bytes', 'SourceUnavailable'],
    ['[download] Got error: 4640 bytes read', 'SourceUnavailable'],
    ['ERROR: [x] 1: Unable to download webpage: The read operation timed out', 'SourceUnavailable'],
    [
      'ERROR: [x] 1: Unable to download webpage: [SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed',
      'SourceUnavailable',
    ],
    [
      "ERROR: [x] 1: Unable to download webpage: ('Connection aborted.', RemoteDisconnected('Remote end closed connection'))",
      'SourceUnavailable',
    ],
    ['ERROR: Unsupported URL: https://site.example/words', 'UnsupportedMedia'],
    ['ERROR: [twitter] 1: No video could be found in this tweet', 'UnsupportedMedia'],
    [
      'ERROR: [x] 1: No video formats found!; please report this issue on  https://github.com/yt-dlp/yt-dlp/issues',
      'UnsupportedMedia',
    ],
    ['ERROR: [x] 1: Requested format is not available. Use --list-formats', 'UnsupportedMedia'],
    ['ERROR: [netflix] 1: This video is DRM protected', 'UnsupportedMedia'],
    ['ERROR: [youtube] abc: This live event will begin in 3 days.', 'UnsupportedMedia'],
    ['ERROR: [twitch:stream] a: The channel is not currently live', 'UnsupportedMedia'],
    ['ERROR: Did not get any data blocks', 'UnsupportedMedia'],
    [
      'ERROR: [generic] a: Unable to download webpage: HTTP Error 302: Found (redirect loop detected) (caused by <HTTPError 302: Found>)',
      'UnsupportedMedia',
    ],
    ['ERROR: [generic] a: Unable to download webpage: HTTP Error 302: Found', 'UnsupportedMedia'],
    [
      'yt_dlp.networking.exceptions.RequestError: file:// URLs are disabled by default in yt-dlp for security reasons. Use --enable-file-urls to enable at your own risk.',
      'UnsupportedMedia',
    ],
    ['ERROR: Unable to download webpage: Unsupported url scheme: "ftp" (requests, urllib)', 'UnsupportedMedia'],
    ['ERROR: m3u8 download detected but ffmpeg could not be found. Please install', 'UnsupportedMedia'],
    ['ERROR: [x] 1: UNSAFE_LEGACY_RENEGOTIATION_DISABLED: Try using --legacy-server-connect', 'SourceUnavailable'],
    ['ERROR: [x] 1: something nobody has seen before', 'ToolCrashed'],
  ])('%s → %s', (line, code) => {
    const error = translateYtdlp(end(line))
    expect(error.code).toBe(code)
    expect(error.message).not.toMatch(/ERROR|report this issue|caused by|--[a-z]|file:|yt_dlp|\[youtube\]/)
    expect(error.message).toMatch(/[.!?]$/)
  })

  it('lets a guess of the network be overruled by what the guard saw', () => {
    const said =
      'ERROR: [generic] x: Unable to download webpage: <urlopen error Tunnel connection failed: 403 Forbidden>'
    expect(translateYtdlp(end(said, { blockedHosts: ['10.0.0.1'] }))).toMatchObject({
      code: 'BlockedAddress',
      message: expect.stringContaining('10.0.0.1'),
    })
    expect(translateYtdlp(end(said, { unknownHosts: ['no.example'] }))).toMatchObject({
      code: 'SourceNotFound',
      message: 'There is no host named no.example.',
    })
  })

  it('names the host that answered and how long it asks to wait', () => {
    const error = translateYtdlp(
      end('ERROR: [x] 1: HTTP Error 429: Too Many Requests', { http: [http(404), http(429, 7_000)] }),
    )
    expect(error).toMatchObject({
      code: 'SourceThrottled',
      message: 'cdn.example asks to be called less often (HTTP 429).',
      details: { retryAfterMs: 7_000, tool: 'ytdlp' },
    })
  })

  it('does not take an answer on the way for the end of it', () => {
    const error = translateYtdlp(end('ERROR: Unsupported URL: https://site.example/', { http: [http(404)] }))
    expect(error.code).toBe('UnsupportedMedia')
  })

  it('takes the status of a missing segment for the reason', () => {
    const lines = [
      '[download] Got error: HTTP Error 404: Not Found. Giving up after 3 retries',
      'ERROR: fragment 2 not found, unable to continue',
    ]
    expect(translateYtdlp(end(lines, { http: [http(404)] })).code).toBe('SourceNotFound')
    expect(translateYtdlp(end(['ERROR: fragment 2 not found, unable to continue'])).code).toBe('SourceUnavailable')
  })

  it('names a redirect by itself', () => {
    const said = 'ERROR: [generic] a: Unable to download webpage: HTTP Error 302: Found'
    expect(translateYtdlp(end(said, { http: [http(302)] })).message).toBe(
      'cdn.example redirects, but to no web address (HTTP 302).',
    )
    expect(translateYtdlp(end(`${said} (redirect loop detected)`, { http: [http(302)] })).message).toBe(
      'cdn.example redirects from address to address without an end.',
    )
  })

  it('does not take the word of the guard for that of another kind of host', () => {
    const said = 'ERROR: [generic] a: Unable to download webpage: HTTP Error 400: Bad Request'
    expect(translateYtdlp(end(said, { http: [{ ...http(400), onTheWeb: false }] }))).toMatchObject({
      code: 'UnsupportedMedia',
      message: expect.stringContaining('site.example leads to an address that is not on the web'),
    })
  })

  it('quotes without the query of addresses', () => {
    const error = translateYtdlp(end('ERROR: [x] 1: strange answer from https://a.example/v?token=secret'))
    expect(error.message).toContain('https://a.example/v?…')
    expect(error.message).not.toContain('secret')
  })
})

describe('parseHttpReport', () => {
  it.each([
    [
      'SLUICE-HTTP {"status": 429, "scheme": "https", "host": "a.example", "retryAfter": "7"}',
      { status: 429, host: 'a.example', onTheWeb: true, retryAfterMs: 7_000 },
    ],
    [
      'SLUICE-HTTP {"status": 404, "scheme": "ftp", "host": null, "retryAfter": null}',
      { status: 404, host: null, onTheWeb: false, retryAfterMs: null },
    ],
    ['ERROR: HTTP Error 404', null],
    ['SLUICE-HTTP-UNREADABLE ValueError()', null],
  ])('%s', (line, expected) => {
    expect(parseHttpReport(line)).toEqual(expected)
  })
})

describe('parseRetryAfter', () => {
  const now = Date.UTC(2026, 0, 1)
  it.each([
    ['120', 120_000],
    ['0', 0],
    ['Thu, 01 Jan 2026 00:01:00 GMT', 60_000],
    ['Wed, 31 Dec 2025 00:00:00 GMT', 0],
    ['999999999', 86_400_000],
    ['soon', null],
    ['-5', null],
  ])('%s → %s', (value, expected) => {
    expect(parseRetryAfter(value, now)).toBe(expected)
  })
})
