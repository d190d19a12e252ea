import { createRequire } from 'node:module'
import { dirname } from 'node:path'
import express, { type Request, type Response, Router } from 'express'
import type { Authenticate } from './access/authenticate.ts'
import { signedIn } from './http/route.ts'
import { API_PATH } from './links.ts'

/** Found, not imported: its entry would load the whole of Swagger UI into this process. */
const SWAGGER_UI = dirname(createRequire(import.meta.url).resolve('swagger-ui-dist/package.json'))

/** Swagger UI's own page asks for this file: the one place where it is told what to show. */
const INITIALIZER = `window.ui = SwaggerUIBundle({
  url: '${API_PATH}/openapi.json',
  dom_id: '#swagger-ui',
  deepLinking: true,
  validatorUrl: null,
  presets: [SwaggerUIBundle.presets.apis],
})
`

/** `/docs`: the OpenAPI document to read and to try, served from here; nothing is fetched from elsewhere. */
export const createDocsRouter = (authenticate: Authenticate): Router => {
  const router = Router()
  router.use('/docs', async (request: Request, response: Response, next) => {
    await signedIn(request, authenticate)
    response.locals['route'] = '/docs'
    next()
  })
  router.get('/docs/swagger-initializer.js', (_request: Request, response: Response) => {
    response.type('text/javascript').send(INITIALIZER)
  })
  router.use('/docs', express.static(SWAGGER_UI, { maxAge: '1h' }))
  return router
}
