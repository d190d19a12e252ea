import type { z } from 'zod'
import type { ZodOpenApiResponseObject, ZodOpenApiResponsesObject } from 'zod-openapi'
import { problemSchema } from './problem.ts'

/** Documentation of an answer in JSON. */
export const json = (description: string, schema: z.ZodType): ZodOpenApiResponseObject => ({
  description,
  content: { 'application/json': { schema } },
})

const problem = (description: string): ZodOpenApiResponseObject => ({
  description,
  content: { 'application/problem+json': { schema: problemSchema } },
})

const DESCRIPTIONS: Record<string, string> = {
  '400': 'The request is not valid',
  '401': 'Not signed in',
  '403': 'Not allowed',
  '404': 'Not there',
  '409': 'The state forbids this; `state` says which it is',
  '412': 'The file has changed',
  '413': 'The body is too large',
  '415': 'The body is not JSON',
  '416': 'No such range',
  '422': 'Understood, and refused',
  '426': 'Not a WebSocket handshake',
  '429': 'Too many requests; see Retry-After',
  '500': 'Something went wrong inside',
  '502': 'The source does not answer as it should',
  '503': 'Something that this needs is away',
  '504': 'No answer came in time',
}

/** Documentation of the problems that a route answers with, beside 401 and 500 that all have. */
export const problems = (...statuses: number[]): ZodOpenApiResponsesObject =>
  Object.fromEntries(
    [401, 500, ...statuses].map((status) => [String(status), problem(DESCRIPTIONS[String(status)] ?? 'A problem')]),
  )
