import { randomBytes, timingSafeEqual } from 'node:crypto'
import { lookup, type LookupAddress } from 'node:dns'
import { isIP } from 'node:net'
import { promisify } from 'node:util'
import { RequestError, Server } from 'proxy-chain'
import type { Config } from '../config.ts'
import { SluiceError } from '../contract/failures.ts'
import { createAddressCheck } from './egress-address.ts'
import { blockedAddress, unknownHost, UNREACHED } from './http-failures.ts'

/** One user of the guard: an attempt at a step. */
export interface EgressSession {
  /** Environment that sends a program's HTTP traffic through the guard; not an argument, as those can be read by everybody. */
  readonly env: Readonly<Record<string, string>>
  /** Hosts whose address was refused, as they were asked for. */
  blockedHosts(): readonly string[]
  /** Hosts that the name service does not know. */
  unknownHosts(): readonly string[]
  close(): void
}

export interface Egress {
  openSession(): EgressSession
  /**
   * For connections of our own: looks a host up, judges its addresses, and gives the lookup that the connection is to be made with.
   * @throws SluiceError BlockedAddress, SourceNotFound, SourceUnavailable where the name service fails.
   */
  judge(host: string, port: number): Promise<typeof lookup>
  close(): Promise<void>
}

interface Session {
  password: string
  blocked: string[]
  unknown: string[]
}

/** By how they fail: in which list of a session a host is remembered, and what the proxy answers. */
const REFUSALS = {
  BlockedAddress: { list: 'blocked', status: 403, words: 'Address not allowed' },
  SourceNotFound: { list: 'unknown', status: 502, words: 'Host not found' },
} as const

/** All addresses of a host, as the system's name service gives them. */
export type LookupAll = (host: string) => Promise<LookupAddress[]>

const lookupSystem = promisify(lookup)
const lookupAllOfSystem: LookupAll = (host) => lookupSystem(host, { all: true, verbatim: true })

/**
 * The one way out for what users ask for. Each host is looked up here, its addresses are judged, and the connection is made to
 * exactly those: by a forward proxy on loopback for programs, by a lookup for connections of our own. Redirects and names that
 * change their address pass here too.
 * @throws Error when SLUICE_ALLOW_ADDRESSES is not valid.
 */
export const createEgress = async (
  config: Pick<Config, 'allowAddresses'>,
  log: { warn(fields: object, message: string): void },
  lookupAll: LookupAll = lookupAllOfSystem,
): Promise<Egress> => {
  const mayConnect = createAddressCheck(config.allowAddresses)
  const judge = async (host: string, port: number): Promise<typeof lookup> => {
    const addresses = isIP(host) === 0 ? await resolveHost(host, lookupAll) : [literal(host)]
    // One private address among public ones is how a name is made to change its mind.
    if (!addresses.every(({ address }) => mayConnect(address, port))) throw blockedAddress(host)
    return pinnedLookup(addresses)
  }
  const sessions = new Map<string, Session>()
  const server = new Server({
    host: '127.0.0.1',
    port: 0,
    authRealm: 'sluice',
    prepareRequestFunction: async ({ username, password, hostname, port }) => {
      const session = sessions.get(username)
      if (session === undefined || !sameText(password, session.password)) return { requestAuthentication: true }
      const host = hostname.replace(/^\[(.*)\]$/, '$1')
      try {
        return { dnsLookup: await judge(host, port) }
      } catch (error) {
        throw refusal(error, host, session)
      }
    },
  })
  server.on('requestFailed', ({ error }: { error: unknown }) => log.warn({ err: error }, 'the egress guard failed'))
  await server.listen()
  return {
    openSession: () => {
      const name = randomBytes(9).toString('hex')
      const session: Session = { password: randomBytes(18).toString('hex'), blocked: [], unknown: [] }
      sessions.set(name, session)
      const url = `http://${name}:${session.password}@127.0.0.1:${server.port}`
      return {
        env: { http_proxy: url, https_proxy: url, all_proxy: url },
        blockedHosts: () => session.blocked,
        unknownHosts: () => session.unknown,
        close: () => {
          sessions.delete(name)
        },
      }
    },
    judge,
    close: () => server.close(true),
  }
}

const literal = (address: string): LookupAddress => ({ address, family: isIP(address) })

/** What the proxy answers with; the session remembers the host. */
const refusal = (error: unknown, host: string, session: Session): RequestError => {
  const code = error instanceof SluiceError ? error.code : null
  if (code !== 'BlockedAddress' && code !== 'SourceNotFound') return new RequestError('Host not found', 502)
  const { list, status, words } = REFUSALS[code]
  session[list].push(host)
  return new RequestError(words, status)
}

const resolveHost = async (host: string, lookupAll: LookupAll): Promise<LookupAddress[]> => {
  try {
    return await lookupAll(host)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOTFOUND') throw unknownHost(host)
    throw new SluiceError('SourceUnavailable', UNREACHED.connection(host), {}, error)
  }
}

/** Answers with the judged addresses whatever the name service says by now. */
const pinnedLookup = (addresses: LookupAddress[]): typeof lookup =>
  ((_host: string, options: { all?: boolean }, done: (...answer: unknown[]) => void): void => {
    if (options.all === true) done(null, addresses)
    else done(null, addresses[0]?.address, addresses[0]?.family)
  }) as typeof lookup

const sameText = (given: string, expected: string): boolean =>
  given.length === expected.length && timingSafeEqual(Buffer.from(given), Buffer.from(expected))
