import http, { type ClientRequest, type IncomingHttpHeaders, type IncomingMessage } from 'node:http'
import https from 'node:https'
import type { Readable } from 'node:stream'
import type { SluiceError } from '../contract/failures.ts'
import type { Egress } from './egress-guard.ts'
import {
  connectionFailure,
  DoubtfulFailure,
  endlessRedirects,
  parseRetryAfter,
  statusFailure,
} from './http-failures.ts'

/** Where and for whom requests are made. */
export interface HttpContext {
  egress: Pick<Egress, 'judge'>
  signal?: AbortSignal | undefined
  /** Milliseconds that a host may take to accept, to answer, and between two pieces of its answer. */
  silenceMs: number
}

/** An answer of 200 to 299, or of 416 where a range was asked for. Its body is read to the end, or destroyed. */
export interface HttpAnswer {
  status: number
  /** Address that answered, after redirects. */
  url: string
  host: string
  headers: HttpHeaders
  body: Readable
}

/** By lower-case name; of a header that came several times the first value. */
export type HttpHeaders = Readonly<Record<string, string | undefined>>

export interface HttpClient {
  /** @throws DoubtfulFailure, SluiceError with the types of source failures; `signal.reason` when aborted. */
  get(url: string, headers: Readonly<Record<string, string>>): Promise<HttpAnswer>
  close(): void
}

/** What yt-dlp, too, says of itself: some sites answer only to what looks like a browser. */
export const BROWSER_HEADERS: Readonly<Record<string, string>> = {
  'user-agent':
    'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/149.0.0.0 Safari/537.36',
  accept: 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8',
  'accept-language': 'en-us,en;q=0.5',
  'sec-fetch-mode': 'navigate',
}

/** As many as yt-dlp follows. */
const MAX_REDIRECTS = 10
const REDIRECTS = new Set([301, 302, 303, 307, 308])

/** A client whose every connection the guard judges. Certificates are judged by Node, NODE_EXTRA_CA_CERTS among them. */
export const openHttp = (context: HttpContext): HttpClient => {
  const { egress, signal, silenceMs } = context
  // Addresses lead from one protocol to the other.
  const ways = {
    'http:': { request: http.request, agent: new http.Agent({ keepAlive: true }), port: 80 },
    'https:': { request: https.request, agent: new https.Agent({ keepAlive: true }), port: 443 },
  }

  const ask = async (url: URL, headers: Readonly<Record<string, string>>): Promise<IncomingMessage> => {
    const { request, agent, port } = ways[url.protocol === 'https:' ? 'https:' : 'http:']
    try {
      const host = url.hostname.replace(/^\[(.*)\]$/, '$1')
      const lookup = await egress.judge(host, Number(url.port) || port)
      return await answerTo(request(url, { agent, headers, lookup, signal, timeout: silenceMs }))
    } catch (error) {
      signal?.throwIfAborted()
      throw connectionFailure(error, url.hostname)
    }
  }

  return {
    get: async (address, headers) => {
      let url = new URL(address)
      // Not by the client's own way of redirects: that waits for the end of what stands beside a redirect, which may have none.
      for (let redirects = 0; redirects <= MAX_REDIRECTS; redirects += 1) {
        const body = await ask(url, headers)
        const status = body.statusCode ?? 0
        const answer = { status, url: url.href, host: url.hostname, headers: firstValues(body.headers), body }
        if ((status >= 200 && status < 300) || (status === 416 && headers['range'] !== undefined)) return answer
        // What is not wanted is not read; its error is that of our leaving.
        body.on('error', () => {}).destroy()
        if (!REDIRECTS.has(status)) throw failureOf(answer)
        url = nextAddress(answer)
      }
      throw new DoubtfulFailure('UnsupportedMedia', endlessRedirects(url.hostname))
    },
    close: () => {
      for (const { agent } of Object.values(ways)) agent.destroy()
    },
  }
}

/** The answer, once its headers are there; silence from then on ends its body with an error. */
const answerTo = (asked: ClientRequest): Promise<IncomingMessage> =>
  new Promise((resolve, reject) => {
    let answer: IncomingMessage | null = null
    asked.on('timeout', () => (answer ?? asked).destroy(Object.assign(new Error('silence'), { code: 'ETIMEDOUT' })))
    asked.on('response', (received) => {
      answer = received
      resolve(received)
    })
    // What comes after the answer has begun is told by its body.
    asked.on('error', reject)
    asked.end()
  })

const firstValues = (headers: IncomingHttpHeaders): HttpHeaders =>
  Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name, typeof value === 'object' ? value[0] : value]),
  )

/** @throws DoubtfulFailure where it leads to no web address, or only with a cookie that is set on the way. */
const nextAddress = ({ url, host, headers }: HttpAnswer): URL => {
  const { location } = headers
  if (location === undefined || !URL.canParse(location, url)) throw doubt(host, 'redirects to no address')
  if (headers['set-cookie'] !== undefined) throw doubt(host, 'wants a cookie to be kept')
  const next = new URL(location, url)
  if (next.protocol !== 'http:' && next.protocol !== 'https:') throw doubt(host, 'redirects to no web address')
  return next
}

const doubt = (host: string, what: string): DoubtfulFailure =>
  new DoubtfulFailure('SourceUnavailable', `${host} ${what}.`)

const failureOf = ({ status, host, headers }: HttpAnswer): SluiceError => {
  const wait = headers['retry-after'] === undefined ? null : parseRetryAfter(headers['retry-after'], Date.now())
  const failure = statusFailure(status, host, wait === null ? {} : { retryAfterMs: wait })
  // Some let browsers in where they keep programs out; who asks for less or has nothing says so to everybody.
  return failure.code === 'SourceForbidden'
    ? new DoubtfulFailure(failure.code, failure.message, failure.details)
    : failure
}
