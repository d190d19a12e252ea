import ipaddr from 'ipaddr.js'

/** One entry of SLUICE_ALLOW_ADDRESSES. */
type Rule =
  | { kind: 'all' }
  | { kind: 'network'; network: ipaddr.IPv4 | ipaddr.IPv6; prefixLength: number; port: number | null }

/** Whether an entry of SLUICE_ALLOW_ADDRESSES means anything; for the check of all settings at the start. */
export const isAddressEntry = (entry: string): boolean => parseRule(entry) !== null

/** Judges the address a connection is really made to. */
export type AddressCheck = (address: string, port: number) => boolean

/** Public by their range, private by their meaning: Azure's wire server answers its own machines with their secrets. */
const METADATA_ADDRESSES = new Set(['168.63.129.16'])

/**
 * A check that lets public addresses through, and private ones that the entries name: `10.0.0.5`, `192.168.0.0/16`,
 * `127.0.0.1:8000`, `[::1]:8000`, `*`. Ranges are those of the IANA special-purpose registries (RFC 6890).
 * @throws Error naming every entry that is none of these.
 */
export const createAddressCheck = (entries: readonly string[]): AddressCheck => {
  const rules = entries.map((entry) => ({ entry, rule: parseRule(entry) }))
  const wrong = rules.filter(({ rule }) => rule === null).map(({ entry }) => entry)
  if (wrong.length > 0) throw new Error(`SLUICE_ALLOW_ADDRESSES: not an address or network: ${wrong.join(', ')}`)
  return (text, port) => {
    if (!ipaddr.isValid(text)) return false
    const address = ipaddr.process(text)
    return isPublic(address) || rules.some(({ rule }) => rule !== null && matches(rule, address, port))
  }
}

const isPublic = (address: ipaddr.IPv4 | ipaddr.IPv6): boolean => {
  const range = address.range()
  // NAT64 (RFC 6052): the IPv4 address that is meant stands in the last four bytes.
  if (range === 'rfc6052') return isPublic(new ipaddr.IPv4(address.toByteArray().slice(12)))
  return range === 'unicast' && !METADATA_ADDRESSES.has(address.toString())
}

const matches = (rule: Rule, address: ipaddr.IPv4 | ipaddr.IPv6, port: number): boolean => {
  if (rule.kind === 'all') return true
  if (rule.port !== null && rule.port !== port) return false
  return address.kind() === rule.network.kind() && address.match(rule.network, rule.prefixLength)
}

const parseRule = (entry: string): Rule | null => {
  if (entry === '*') return { kind: 'all' }
  const [, bracketed, bracketedPort] = /^\[([^\]]+)\](?::(\d+))?$/.exec(entry) ?? []
  const [, plain, plainPort] = /^([\d.]+)(?::(\d+))?$/.exec(entry) ?? []
  const text = bracketed ?? plain ?? entry
  const portText = bracketedPort ?? plainPort
  const port = portText === undefined ? null : Number(portText)
  if (port !== null && port > 65_535) return null
  if (ipaddr.isValidCIDR(text)) {
    const [network, prefixLength] = ipaddr.parseCIDR(text)
    return { kind: 'network', network, prefixLength, port }
  }
  // "127.1" is an address to some programs and a typing mistake to others.
  if (!ipaddr.IPv4.isValidFourPartDecimal(text) && !ipaddr.IPv6.isValid(text)) return null
  const network = ipaddr.process(text)
  return { kind: 'network', network, prefixLength: network.kind() === 'ipv4' ? 32 : 128, port }
}
