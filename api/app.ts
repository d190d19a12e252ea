import { randomUUID } from 'node:crypto'
import express, { type ErrorRequestHandler, type Express, type RequestHandler } from 'express'
import { createSessionRouter } from './access/session.ts'
import { securityHeaders } from './access/security-headers.ts'
import type { ApiDeps } from './deps.ts'
import { createDocsRouter } from './docs-page.ts'
import { Problem, toProblem } from './http/problem.ts'
import { mountRoutes, signedIn, type Route } from './http/route.ts'
import { createPageRouter } from './page.ts'
import { progressEvents } from './progress/events.ts'
import type { CheckReadiness } from './readiness.ts'
import { actOnJob } from './routes/act-on-job.ts'
import { actOnJobs } from './routes/act-on-jobs.ts'
import { documentRoutes } from './routes/documents.ts'
import { getJob } from './routes/get-job.ts'
import { getMetrics, healthz, readyz } from './routes/health.ts'
import { getInfo } from './routes/info.ts'
import { listJobs } from './routes/list-jobs.ts'
import { getMediaFile } from './routes/media-files.ts'
import { deleteMedia, getMedia, listMedia } from './routes/media.ts'
import { listPresets } from './routes/presets.ts'
import { issueProgressTicket, progressSocket } from './routes/progress-ticket.ts'
import { submitJobs } from './routes/submit-jobs.ts'
import { getSystem } from './routes/system.ts'

export type AppDeps = ApiDeps & {
  checkReadiness: CheckReadiness
  workerHeardAt(): number
  /** Where the built page lies. */
  webDir: string
}

/** Every route of the API: what is mounted is what the documents describe. */
export const createRoutes = (deps: AppDeps): Route[] => {
  const routes = [
    submitJobs(deps),
    listJobs(deps),
    // Before the addresses of jobs, of which its own would be one.
    actOnJobs(deps),
    getJob(deps),
    ...actOnJob(deps),
    progressSocket(),
    issueProgressTicket(deps),
    progressEvents(deps),
    getInfo(deps),
    listMedia(deps),
    getMedia(deps),
    deleteMedia(deps),
    getMediaFile(deps),
    listPresets(),
    getSystem(deps),
    healthz(),
    readyz(deps),
    getMetrics(deps),
  ]
  return [...routes, ...documentRoutes({ routes, version: deps.version })]
}

/** The whole HTTP side, in the order in which a request passes through it. */
export const createApp = (deps: AppDeps): Express => {
  const app = express()
  app.disable('x-powered-by')
  // `send` and clients know better what changed than a hash of every list.
  app.set('etag', false)
  app.use(observe(deps), securityHeaders, guardOrigin(deps))
  app.use(
    createSessionRouter({ tokens: deps.tokens, secure: deps.config.http.publicUrl?.startsWith('https:') ?? false }),
  )
  mountRoutes(app, createRoutes(deps), deps.authenticate)
  app.use(createDocsRouter(deps.authenticate))
  app.use(createPageRouter(deps.webDir))
  app.use(async (request) => {
    // Who is not signed in does not learn which addresses there are.
    await signedIn(request, deps.authenticate)
    throw new Problem('NotFound', `Nothing is at ${request.path}.`)
  })
  app.use(answerProblem(deps))
  return app
}

/** Gives the request an id, and counts it when it has been answered. */
const observe =
  ({ metrics }: AppDeps): RequestHandler =>
  (request, response, next) => {
    const startedAt = performance.now()
    const sent = request.get('x-request-id')
    const requestId = sent !== undefined && /^[\w.-]{1,64}$/.test(sent) ? sent : randomUUID()
    response.locals['requestId'] = requestId
    response.setHeader('X-Request-Id', requestId)
    response.once('close', () => {
      // The template of the route: an id in a label would make a series for each job.
      const route = String(response.locals['route'] ?? 'none')
      const durationMs = performance.now() - startedAt
      metrics.requestEnded({ method: request.method, route, status: response.statusCode, durationMs })
    })
    next()
  }

const SAFE_METHODS = ['GET', 'HEAD', 'OPTIONS']

const guardOrigin =
  ({ guard }: AppDeps): RequestHandler =>
  (request, _response, next) => {
    if (!guard.hostAllowed(request)) {
      throw new Problem('HostRefused', 'The Host header names another server; set SLUICE_PUBLIC_URL to allow its name.')
    }
    if (!SAFE_METHODS.includes(request.method) && !guard.originAllowed(request)) throw new Problem('OriginRefused')
    next()
  }

/** The last handler: whatever was thrown becomes a problem; what nobody foresaw is logged under the request's id. */
const answerProblem =
  ({ log }: AppDeps): ErrorRequestHandler =>
  (error: unknown, _request, response, _next) => {
    const problem = toProblem(error)
    const requestId = String(response.locals['requestId'])
    const fields = { code: problem.code, detail: problem.message, requestId }
    if (problem.code === 'Internal') log.error({ err: problem.cause, requestId }, 'request failed')
    // An answer like another to whoever polls `/readyz`; that something is away is said where it is noticed.
    else if (problem.code === 'NotReady') log.debug(fields, 'not ready')
    else if (problem.status >= 500) log.warn(fields, 'request failed')
    if (response.headersSent) {
      response.destroy()
      return
    }
    for (const name of ['ETag', 'Cache-Control', 'Content-Range', 'Last-Modified']) response.removeHeader(name)
    for (const [name, value] of Object.entries(problem.headers)) response.setHeader(name, value)
    response
      .status(problem.status)
      .type('application/problem+json')
      .send(JSON.stringify(problem.body(requestId)))
  }
