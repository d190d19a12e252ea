import { SluiceError } from './failures.ts'

/** An address that a user gave. */
export interface SourceUrl {
  /** As it was given, without spaces around it. */
  url: string
  /** The same for two addresses that differ only in spelling or in who shared them. */
  normalised: string
  host: string
}

/** Added to addresses by those who share them; never part of what is asked for. */
const TRACKING = /^(utm_[a-z_]+|fbclid|gclid|igshid|mc_cid|mc_eid)$/

/** @throws SluiceError InvalidRequest where it is no address, or one of another kind than http and https. */
export const parseSourceUrl = (text: string): SourceUrl => {
  const url = text.trim()
  if (!URL.canParse(url)) {
    throw new SluiceError('InvalidRequest', 'This is not an address: it must begin with http:// or https://.')
  }
  const parsed = new URL(url)
  if (parsed.protocol !== 'http:' && parsed.protocol !== 'https:') {
    const scheme = parsed.protocol.slice(0, -1)
    throw new SluiceError('InvalidRequest', `Addresses of the kind "${scheme}" are not supported, only http and https.`)
  }
  if (parsed.username !== '' || parsed.password !== '') {
    throw new SluiceError('InvalidRequest', 'The address holds a name or password; those would end up in the history.')
  }
  return { url, normalised: normalise(parsed), host: parsed.hostname }
}

const normalise = (parsed: URL): string => {
  const url = new URL(parsed)
  for (const name of Array.from(url.searchParams.keys())) if (TRACKING.test(name)) url.searchParams.delete(name)
  url.searchParams.sort()
  // Some sites route by the fragment; elsewhere it names a place on the page.
  if (!/^#[!/]/.test(url.hash)) url.hash = ''
  return url.href
}
