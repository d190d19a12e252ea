import { z } from 'zod'
import { createAsyncApiDocument } from '../asyncapi.ts'
import { json, problems } from '../http/responses.ts'
import type { Route } from '../http/route.ts'
import { API_PATH } from '../links.ts'
import { createOpenApiDocument } from '../openapi.ts'

const documentSchema = z.looseObject({})

/** The documents that describe these routes and the socket; made once, they never change while the process runs. */
export const documentRoutes = ({ routes, version }: { routes: readonly Route[]; version: string }): Route[] => {
  const documents: Route[] = [
    {
      method: 'get',
      path: `${API_PATH}/openapi.json`,
      role: 'viewer',
      operation: {
        operationId: 'getOpenApi',
        summary: 'This document',
        tags: ['System'],
        responses: { '200': json('OpenAPI 3.1', documentSchema), ...problems() },
      },
      handle: ({ response }) => {
        response.json(openApi)
      },
    },
    {
      method: 'get',
      path: `${API_PATH}/asyncapi.json`,
      role: 'viewer',
      operation: {
        operationId: 'getAsyncApi',
        summary: 'The progress socket as an AsyncAPI document',
        tags: ['System'],
        responses: { '200': json('AsyncAPI 3.0', documentSchema), ...problems() },
      },
      handle: ({ response }) => {
        response.json(asyncApi)
      },
    },
  ]
  const openApi = createOpenApiDocument({ routes: [...routes, ...documents], version })
  const asyncApi = createAsyncApiDocument({ version })
  return documents
}
