import type { IncomingMessage } from 'node:http'
import { isIP } from 'node:net'

/** Keeps pages of other sites from using the cookie of a person who has Sluice open. */
export interface OriginGuard {
  /**
   * Whether the Host header names this server. A page whose name was rebound to 127.0.0.1 after loading would else count
   * as the same origin.
   */
  hostAllowed(request: IncomingMessage): boolean
  /** Whether the page that sends this request, if a page does, is our own. */
  originAllowed(request: IncomingMessage): boolean
}

const LOOPBACK_NAMES = ['localhost', '127.0.0.1', '[::1]']
const ANY_ADDRESS = ['0.0.0.0', '::', '[::]']

export const createOriginGuard = ({ host, publicUrl }: { host: string; publicUrl: string | null }): OriginGuard => {
  const publicAddress = publicUrl ? new URL(publicUrl) : null
  const names = new Set(LOOPBACK_NAMES)
  names.add(isIP(host) === 6 ? `[${host}]` : host.toLowerCase())
  if (publicAddress) names.add(publicAddress.hostname)
  const listensEverywhere = ANY_ADDRESS.includes(host)

  return {
    hostAllowed: (request) => {
      const name = hostnameOf(request.headers.host)
      if (name === null) return false
      // Rebinding needs a name; an address that somebody typed is what it says.
      return names.has(name) || (listensEverywhere && isIP(name.replace(/^\[|\]$/g, '')) !== 0)
    },
    originAllowed: (request) => {
      const site = request.headers['sec-fetch-site']
      if (site === 'cross-site' || site === 'same-site') return false
      const { origin, host: ownHost } = request.headers
      if (origin === undefined) return true
      if (origin === publicAddress?.origin) return true
      return originHost(origin) === ownHost?.toLowerCase()
    },
  }
}

/** The name of a Host header without its port, in the form of `URL.hostname`. */
const hostnameOf = (header: string | undefined): string | null => {
  if (header === undefined || !/^[\w.\-[\]:]+$/.test(header)) return null
  return URL.canParse(`http://${header}`) ? new URL(`http://${header}`).hostname : null
}

/** `null`, the origin of sandboxed pages, is no URL and thus nobody's. */
const originHost = (origin: string): string | null => (URL.canParse(origin) ? new URL(origin).host : null)
