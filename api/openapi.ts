import { createDocument, type ZodOpenApiPathsObject } from 'zod-openapi'
import type { Route } from './http/route.ts'

const TAGS = [
  { name: 'Jobs', description: 'Work that was submitted' },
  { name: 'Progress', description: 'Work as it moves' },
  { name: 'Media', description: 'The library: what the work has made' },
  { name: 'Info', description: 'What sources say of their media' },
  { name: 'Presets', description: 'What can be made' },
  { name: 'System', description: 'Health, figures, this document' },
]

/** The OpenAPI 3.1 document of exactly the routes that are mounted. */
export const createOpenApiDocument = ({ routes, version }: { routes: readonly Route[]; version: string }) => {
  const paths: ZodOpenApiPathsObject = {}
  for (const { path, method, operation } of routes) paths[path] = { ...paths[path], [method]: operation }
  return createDocument({
    openapi: '3.1.0',
    info: {
      title: 'Sluice',
      version,
      description: 'A durable media pipeline. Errors are `application/problem+json` (RFC 9457).',
      license: { name: 'MIT', identifier: 'MIT' },
    },
    servers: [{ url: '/' }],
    tags: TAGS,
    security: [{ bearer: [] }, { session: [] }],
    components: {
      securitySchemes: {
        bearer: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' },
        session: { type: 'apiKey', in: 'cookie', name: 'sluice_session' },
      },
    },
    paths,
  })
}
