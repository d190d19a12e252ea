import { access } from 'node:fs/promises'
import { join } from 'node:path'
import express, { type Request, type Response, Router } from 'express'

/** Addresses that are never a view of the page, however they are asked for. */
const NOT_THE_PAGE = /^\/(api|docs|internal|metrics|healthz|readyz|sign-in|sign-out|assets)(\/|$)/

const NOT_BUILT = `<!doctype html><html lang="en"><meta charset="utf-8"><title>Sluice</title>
<h1>The page is not built</h1><p>Run <code>npm run build:web</code>. The API is there, under <a href="/docs">/docs</a>.</p></html>
`

/**
 * The page's static shell, which anybody may have: it shows nothing until it is signed in. An address that is a view of the
 * page and no file gives its index.
 */
export const createPageRouter = (webDir: string): Router => {
  const router = Router()
  const index = join(webDir, 'index.html')
  // Vite puts a hash of the content into the names of assets.
  router.use('/assets', express.static(join(webDir, 'assets'), { immutable: true, maxAge: '365d', index: false }))
  router.use(express.static(webDir, { maxAge: 0, index: false }))
  router.get('/*view', serveIndex)
  router.get('/', serveIndex)
  return router

  async function serveIndex(request: Request, response: Response, next: () => void): Promise<void> {
    // Whoever takes anything at all (an image, a script) is not led into a page: only a browser that goes somewhere is.
    const goesSomewhere = request.path === '/' || request.headers.accept?.includes('text/html') === true
    if (NOT_THE_PAGE.test(request.path) || !goesSomewhere) return next()
    response.locals['route'] = 'page'
    response.setHeader('Cache-Control', 'no-cache')
    if (await exists(index)) response.sendFile(index)
    else response.status(503).type('html').send(NOT_BUILT)
  }
}

const exists = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  )
