import type { IncomingMessage } from 'node:http'
import type { Principal } from './principal.ts'
import type { Tokens } from './tokens.ts'

export const SESSION_COOKIE = 'sluice_session'

/** Who sent this request, by bearer token or session cookie; null when nobody known did. */
export type Authenticate = (request: IncomingMessage) => Promise<Principal | null>

/** A bearer token that is wrong is not made good by a cookie: a program should learn that its token is wrong. */
export const createAuthenticate =
  (tokens: Tokens): Authenticate =>
  async (request) => {
    const token = bearerToken(request.headers.authorization) ?? sessionToken(request.headers.cookie)
    return token === null ? null : tokens.verify(token)
  }

const bearerToken = (header: string | undefined): string | null => {
  if (header === undefined) return null
  return /^Bearer +(\S+)$/i.exec(header)?.[1] ?? ''
}

const sessionToken = (header: string | undefined): string | null => {
  for (const pair of header?.split(';') ?? []) {
    const [name, value] = pair.split('=', 2)
    if (name?.trim() === SESSION_COOKIE && value) return value.trim()
  }
  return null
}
