import { randomBytes, randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { errors, jwtVerify, SignJWT } from 'jose'
import { z } from 'zod'
import { readOrCreateSecret } from '../../progress/secret-file.ts'
import { ROLES, type Principal } from './principal.ts'

const ISSUER = 'sluice'
const AUDIENCE = 'sluice-api'

const claimsSchema = z.object({ sub: z.string().min(1).max(255), role: z.enum(ROLES), exp: z.number() })

/** Makes and checks the JSON Web Tokens (RFC 7519) that stand for callers. */
export interface Tokens {
  issue(token: { principal: Principal; lifetimeSeconds: number }): Promise<string>
  /** Null for a token that is forged, expired, meant for something else, or not a token. */
  verify(token: string): Promise<Verified | null>
}

/** `expiresAt`: epoch ms. */
type Verified = Principal & { expiresAt: number }

/** A program sends the same token with every request, and checking one costs as much as the rest of a small answer. */
const REMEMBERED = 1_000

export const createTokens = (key: Uint8Array): Tokens => {
  const good = new Map<string, Verified>()
  const remember = (token: string, verified: Verified) => {
    good.set(token, verified)
    const oldest = good.keys().next()
    if (good.size > REMEMBERED && !oldest.done) good.delete(oldest.value)
  }
  return {
    issue: ({ principal, lifetimeSeconds }) =>
      new SignJWT({ role: principal.role })
        .setProtectedHeader({ alg: 'HS256', typ: 'JWT' })
        .setIssuer(ISSUER)
        .setAudience(AUDIENCE)
        .setSubject(principal.subject)
        .setJti(randomUUID())
        .setIssuedAt()
        .setExpirationTime(Math.floor(Date.now() / 1_000) + lifetimeSeconds)
        .sign(key),
    verify: async (token) => {
      const known = good.get(token)
      if (known) {
        if (known.expiresAt > Date.now()) return known
        good.delete(token)
      }
      try {
        const { payload } = await jwtVerify(token, key, {
          issuer: ISSUER,
          audience: AUDIENCE,
          // Without this a token could choose how it is checked.
          algorithms: ['HS256'],
          requiredClaims: ['exp', 'sub'],
        })
        const claims = claimsSchema.parse(payload)
        const verified = { subject: claims.sub, role: claims.role, expiresAt: claims.exp * 1_000 }
        remember(token, verified)
        return verified
      } catch (error) {
        if (error instanceof errors.JOSEError || error instanceof z.ZodError) return null
        throw error
      }
    },
  }
}

/** The key that signs all tokens of this data directory, made at the first start. 256 bits, as HS256 wants (RFC 7518 §3.2). */
export const readSigningKey = async (dataDir: string): Promise<Uint8Array> => {
  const text = await readOrCreateSecret(join(dataDir, 'keys', 'signing-key'), () =>
    randomBytes(32).toString('base64url'),
  )
  return Buffer.from(text, 'base64url')
}
