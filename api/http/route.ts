import { json, type Request, type Response, type Router } from 'express'
import type { ZodOpenApiOperationObject } from 'zod-openapi'
import type { Authenticate } from '../access/authenticate.ts'
import { hasRole, type Principal, type Role } from '../access/principal.ts'
import { Problem } from './problem.ts'

export type Method = 'get' | 'post' | 'patch' | 'delete'

/** What a handler is given. */
export interface Call {
  request: Request
  response: Response
  /** Who asks; of a route without a role it is nobody in particular. */
  principal: Principal
}

/** One method of one address: how it is reached, who may, how it is documented, and what it does. */
export interface Route {
  method: Method
  /** As OpenAPI writes it, `/api/v1/jobs/{id}`; `{path}` matches over slashes. */
  path: string
  /** The weakest role that may; null: everybody, signed in or not. */
  role: Role | null
  /** Largest body that is read, in bytes; without one a body is left alone. */
  bodyBytes?: number
  operation: ZodOpenApiOperationObject
  handle(call: Call): Promise<void> | void
}

/** Registers the routes, with 405 for the methods that an address does not have. */
export const mountRoutes = (router: Router, routes: readonly Route[], authenticate: Authenticate): void => {
  for (const [path, methods] of groupByPath(routes)) {
    const allowed = methods.flatMap(({ method }) => (method === 'get' ? ['GET', 'HEAD'] : [method.toUpperCase()]))
    const allow = [...allowed, 'OPTIONS'].join(', ')
    const at = router.route(expressPath(path))
    for (const route of methods) at[route.method](handlerOf(route, authenticate))
    // Whoever is not signed in is told that first, whatever the method.
    const isPublic = methods.some(({ role }) => role === null)
    at.all(async (request: Request, response: Response) => {
      if (!isPublic) await signedIn(request, authenticate)
      response.setHeader('Allow', allow)
      if (request.method === 'OPTIONS') response.status(204).end()
      else throw new Problem('MethodNotAllowed', `${request.method} is not known here; ${allow} are.`)
    })
  }
}

const handlerOf = (route: Route, authenticate: Authenticate) => {
  const parser = route.bodyBytes === undefined ? null : json({ limit: route.bodyBytes, strict: false })
  return async (request: Request, response: Response): Promise<void> => {
    response.locals['route'] = route.path
    const principal = route.role === null ? NOBODY : await requireRole(route.role, request, authenticate)
    // After the caller is known: nobody else has us read megabytes.
    if (parser) await readBody(parser, request, response)
    await route.handle({ request, response, principal })
  }
}

const readBody = (parser: ReturnType<typeof json>, request: Request, response: Response): Promise<void> =>
  new Promise((resolve, reject) => {
    parser(request, response, (error: unknown) => {
      if (error === undefined) resolve()
      else reject(error instanceof Error ? error : new Error('the body cannot be read', { cause: error }))
    })
  })

const NOBODY: Principal = { subject: '', role: 'viewer' }

/** The one place where a caller's role is compared. @throws Problem Unauthenticated or Forbidden. */
const requireRole = async (role: Role, request: Request, authenticate: Authenticate): Promise<Principal> => {
  const principal = await signedIn(request, authenticate)
  if (!hasRole(principal, role))
    throw new Problem('Forbidden', `This needs the role ${role}; yours is ${principal.role}.`)
  return principal
}

/** @throws Problem Unauthenticated. */
export const signedIn = async (request: Request, authenticate: Authenticate): Promise<Principal> => {
  const principal = await authenticate(request)
  if (principal) return principal
  throw new Problem(
    'Unauthenticated',
    'Send `Authorization: Bearer` with a token, or open the sign-in link that `npm start` printed.',
    { headers: { 'WWW-Authenticate': 'Bearer realm="sluice"' } },
  )
}

const groupByPath = (routes: readonly Route[]): Map<string, Route[]> => {
  const groups = new Map<string, Route[]>()
  for (const route of routes) groups.set(route.path, [...(groups.get(route.path) ?? []), route])
  return groups
}

const expressPath = (path: string): string => path.replaceAll('{path}', '*path').replaceAll(/\{(\w+)\}/g, ':$1')
