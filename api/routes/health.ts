import { z } from 'zod'
import type { ApiMetrics } from '../api-metrics.ts'
import { Problem } from '../http/problem.ts'
import { json, problems } from '../http/responses.ts'
import type { Route } from '../http/route.ts'
import type { CheckReadiness } from '../readiness.ts'

const checkSchema = z.object({
  name: z.string(),
  ok: z.boolean(),
  detail: z.string().nullable(),
  help: z.string().nullable().describe('What helps, often a command'),
})

/** The process runs and answers; nothing else is asked. */
export const healthz = (): Route => ({
  method: 'get',
  path: '/healthz',
  role: null,
  operation: {
    operationId: 'healthz',
    summary: 'Whether the API runs',
    tags: ['System'],
    security: [],
    responses: { '200': json('It does', z.object({ status: z.literal('ok') })) },
  },
  handle: ({ response }) => {
    response.json({ status: 'ok' })
  },
})

/** Everything that jobs need is there. */
export const readyz = ({ checkReadiness }: { checkReadiness: CheckReadiness }): Route => ({
  method: 'get',
  path: '/readyz',
  role: null,
  operation: {
    operationId: 'readyz',
    summary: 'Whether everything that jobs need is there',
    description: 'What is missing comes in `checks` of the 503, with the command that helps.',
    tags: ['System'],
    security: [],
    responses: {
      '200': json('It is', z.object({ status: z.literal('ready'), checks: z.array(checkSchema) })),
      '503': problems(503)['503'] ?? { description: 'It is not' },
    },
  },
  handle: async ({ response }) => {
    const checks = await checkReadiness()
    const missing = checks.filter(({ ok }) => !ok)
    if (missing.length === 0) {
      response.json({ status: 'ready', checks })
      return
    }
    throw new Problem('NotReady', missing.map(({ detail }) => detail).join(' '), { extra: { checks } })
  },
})

export const getMetrics = ({ metrics }: { metrics: ApiMetrics }): Route => ({
  method: 'get',
  path: '/metrics',
  role: 'viewer',
  operation: {
    operationId: 'getMetrics',
    summary: 'Figures of this process in the Prometheus text format',
    tags: ['System'],
    responses: {
      '200': { description: 'The figures', content: { 'text/plain': { schema: z.string() } } },
      ...problems(),
    },
  },
  handle: async ({ response }) => {
    response.setHeader('Content-Type', metrics.registry.contentType)
    response.end(await metrics.registry.metrics())
  },
})
