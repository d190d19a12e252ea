import { SluiceError } from './failures.ts'

/** An address that a user gave, checked as far as that goes without asking anybody. */
export interface SourceUrl {
  /** As it was given, without surrounding spaces. */
  url: string
  /** Equal for addresses that certainly lead to the same. */
  normalised: string
  host: string
  /** The host without `www.`, for lists and limits. */
  site: string
}

/** Parameters that say where a click came from and never what it leads to. */
const TRACKING = /^(utm_\w+|fbclid|gclid|dclid|msclkid|igshid|mc_[ce]id|yclid|twclid|_ga)$/i

/** @throws SluiceError InvalidRequest: no address, not http or https, or one that carries a password. */
export const parseSourceUrl = (text: string): SourceUrl => {
  const url = text.trim()
  if (!URL.canParse(url)) {
    throw refused(`“${shorten(url)}” is not a web address; one begins with http:// or https://.`)
  }
  const parsed = new URL(url)
  if (parsed.protocol !== 'http:' && parsed.protocol !== 'https:') {
    throw refused(
      `Addresses that begin with “${shorten(parsed.protocol)}” are not supported, only http:// and https:// are.`,
    )
  }
  // It would be kept in the catalog and in histories, where secrets have no place.
  if (parsed.username !== '' || parsed.password !== '') {
    throw refused('Addresses with a user name or password in them are not accepted.')
  }
  const host = parsed.hostname
  return { url, normalised: normalise(parsed), host, site: host.replace(/^www\./, '') }
}

/** Parsing has lowered the host and dropped a default port; order of parameters and a place on the page don't matter either. */
const normalise = (url: URL): string => {
  const copy = new URL(url)
  // Some pages keep their own address behind #! or #/.
  if (!/^#[!/]/.test(copy.hash)) copy.hash = ''
  for (const name of new Set(copy.searchParams.keys())) if (TRACKING.test(name)) copy.searchParams.delete(name)
  copy.searchParams.sort()
  return copy.href
}

const refused = (sentence: string): SluiceError => new SluiceError('InvalidRequest', sentence)

/** A quoted piece of what was sent, short enough for one line. */
export const shorten = (text: string): string => (text.length > 80 ? `${text.slice(0, 79)}…` : text)
