import type { Request } from 'express'
import { z } from 'zod'
import { clientText } from '../../contract/text.ts'
import { Problem } from './problem.ts'

/** The body as `schema` says. @throws Problem UnsupportedContentType or InvalidRequest, which lists all that is wrong. */
export const parseBody = <T>(schema: z.ZodType<T>, request: Request): T => {
  // Express leaves the body out where its type is none that a parser took.
  if (request.body === undefined) {
    const { 'content-length': length = '0', 'transfer-encoding': encoding } = request.headers
    throw length === '0' && encoding === undefined
      ? new Problem('InvalidRequest', 'A JSON body is needed.')
      : new Problem('UnsupportedContentType', 'Send the body as application/json.')
  }
  if (typeof request.body !== 'object' || request.body === null || Array.isArray(request.body)) {
    throw new Problem('InvalidRequest', 'The body must be a JSON object.')
  }
  return parse(schema, request.body)
}

export const parseQuery = <T>(schema: z.ZodType<T>, request: Request): T => parse(schema, request.query)

/** A value as `schema` says. @throws Problem InvalidRequest. */
export const parse = <T>(schema: z.ZodType<T>, value: unknown): T => {
  const parsed = schema.safeParse(value)
  if (parsed.success) return parsed.data
  throw invalid(parsed.error)
}

export const invalid = (error: z.ZodError): Problem => {
  const errors = error.issues.map(({ path, message }) => ({ path: path.join('.'), message }))
  const sentences = errors.map(({ path, message }) => (path === '' ? message : `${path}: ${message}`))
  return new Problem('InvalidRequest', `${sentences.join('; ')}.`, { extra: { errors } })
}

/** Part of the path. Express types a wildcard as a list, a named part as text. */
export const pathParameter = (request: Request, name: string): string => {
  const value: unknown = request.params[name]
  return Array.isArray(value) ? value.join('/') : String(value)
}

export const idPathSchema = z.object({ id: z.string() })

const LIMIT = 'must be one whole number from 1 to 200'

/** `limit` and `cursor` of every list. */
export const pageQuery = {
  limit: z.coerce.number(LIMIT).int({ error: LIMIT, abort: true }).min(1, LIMIT).max(200, LIMIT).default(50),
  cursor: clientText(1_000).optional(),
}

export const pageOf = <T extends z.ZodType>(item: T) =>
  z.object({
    items: z.array(item),
    nextCursor: z.string().nullable().describe('Give this as `cursor` for the next page'),
  })
