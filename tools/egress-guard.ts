import { randomBytes, timingSafeEqual } from 'node:crypto'
import { lookup, type LookupAddress } from 'node:dns'
import { isIP } from 'node:net'
import { promisify } from 'node:util'
import { RequestError, Server } from 'proxy-chain'
import type { Config } from '../config.ts'
import { createAddressCheck, type AddressCheck } from './egress-address.ts'

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
  close(): Promise<void>
}

interface Session {
  password: string
  blocked: string[]
  unknown: string[]
}

/** All addresses of a host, as the system's name service gives them. */
export type LookupAll = (host: string) => Promise<LookupAddress[]>

const lookupSystem = promisify(lookup)
const lookupAllOfSystem: LookupAll = (host) => lookupSystem(host, { all: true, verbatim: true })

/**
 * The one way out for programs that fetch what users ask for: a forward proxy on loopback that looks each host up itself,
 * judges the addresses, and connects to exactly those. Redirects and names that change their address pass here too.
 * @throws Error when SLUICE_ALLOW_ADDRESSES is not valid.
 */
export const createEgress = async (
  config: Pick<Config, 'allowAddresses'>,
  log: { warn(fields: object, message: string): void },
  lookupAll: LookupAll = lookupAllOfSystem,
): Promise<Egress> => {
  const mayConnect = createAddressCheck(config.allowAddresses)
  const sessions = new Map<string, Session>()
  const server = new Server({
    host: '127.0.0.1',
    port: 0,
    authRealm: 'sluice',
    prepareRequestFunction: async ({ username, password, hostname, port }) => {
      const session = sessions.get(username)
      if (session === undefined || !sameText(password, session.password)) return { requestAuthentication: true }
      const host = hostname.replace(/^\[(.*)\]$/, '$1')
      const addresses = isIP(host) === 0 ? await resolveHost(host, lookupAll, session) : [literal(host)]
      refuseBlocked(addresses, { host, port }, mayConnect, session)
      return { dnsLookup: pinnedLookup(addresses) }
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
    close: () => server.close(true),
  }
}

const literal = (address: string): LookupAddress => ({ address, family: isIP(address) })

/** @throws RequestError, which the proxy answers with, unless every address may be connected to. */
const refuseBlocked = (
  addresses: readonly LookupAddress[],
  { host, port }: { host: string; port: number },
  mayConnect: AddressCheck,
  session: Session,
): void => {
  // One private address among public ones is how a name is made to change its mind.
  if (addresses.every(({ address }) => mayConnect(address, port))) return
  session.blocked.push(host)
  throw new RequestError('Address not allowed', 403)
}

const resolveHost = async (host: string, lookupAll: LookupAll, session: Session): Promise<LookupAddress[]> => {
  try {
    return await lookupAll(host)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOTFOUND') session.unknown.push(host)
    throw new RequestError('Host not found', 502)
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
