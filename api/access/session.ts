import { type Request, type Response, Router } from 'express'
import { SESSION_COOKIE } from './authenticate.ts'
import type { Tokens } from './tokens.ts'

/** A browser is asked to sign in again after this; programs use tokens of their own. */
const SESSION_SECONDS = 30 * 24 * 3_600

/** `GET /sign-in?token=…` turns a token into a session cookie; `POST /sign-out` takes the cookie away. */
export const createSessionRouter = ({ tokens, secure }: { tokens: Tokens; secure: boolean }): Router => {
  const cookie = { httpOnly: true, sameSite: 'strict', path: '/', secure } as const
  const router = Router()

  router.get('/sign-in', async (request: Request, response: Response) => {
    const { token } = request.query
    const principal = typeof token === 'string' ? await tokens.verify(token) : null
    response.setHeader('Cache-Control', 'no-store')
    if (!principal) {
      response.status(401).type('html').send(REFUSAL)
      return
    }
    const lifetimeSeconds = Math.min(SESSION_SECONDS, Math.floor((principal.expiresAt - Date.now()) / 1_000))
    const session = await tokens.issue({ principal, lifetimeSeconds })
    response.cookie(SESSION_COOKIE, session, { ...cookie, maxAge: lifetimeSeconds * 1_000 })
    response.redirect(303, '/')
  })
  router.post('/sign-out', (_request: Request, response: Response) => {
    response.clearCookie(SESSION_COOKIE, cookie)
    response.status(204).end()
  })
  return router
}

const REFUSAL = `<!doctype html><html lang="en"><meta charset="utf-8"><title>Sluice</title>
<h1>This sign-in link is not valid</h1>
<p>It may be old, or cut off. Run <code>npm start</code> on the machine of this server: it prints the link that works.</p></html>
`
