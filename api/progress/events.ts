import { z } from 'zod'
import { SOCKET_LIMITS } from '../../contract/socket.ts'
import type { ApiDeps } from '../deps.ts'
import { parseQuery } from '../http/parse.ts'
import { problems } from '../http/responses.ts'
import type { Route } from '../http/route.ts'
import { API_PATH } from '../links.ts'

const querySchema = z
  .strictObject({
    jobs: z
      .string()
      .transform((text) => text.split(',').filter((id) => id !== ''))
      .pipe(z.array(z.string()).max(SOCKET_LIMITS.subscriptionIds))
      .optional()
      .meta({ description: 'Job ids, separated by commas', override: { type: 'string' } }),
    all: z.literal('true').optional(),
  })
  .refine(({ jobs, all }) => jobs !== undefined || all !== undefined, { message: 'give jobs or all=true' })

/** A comment line; proxies close streams that are silent, and a dead connection shows when written to. */
const KEEP_ALIVE = ': keep-alive\n\n'

/** The stream of the progress socket as server-sent events (WHATWG HTML §9.2), for clients without WebSocket. */
export const progressEvents = (deps: ApiDeps): Route => ({
  method: 'get',
  path: `${API_PATH}/progress/events`,
  role: 'viewer',
  operation: {
    operationId: 'streamProgress',
    summary: 'The messages of the progress socket as server-sent events',
    description: 'Each event is one message; a reconnect begins with snapshots again.',
    tags: ['Progress'],
    requestParams: { query: querySchema },
    responses: {
      '200': { description: 'The stream', content: { 'text/event-stream': { schema: z.string() } } },
      ...problems(400),
    },
  },
  handle: async ({ request, response, principal }) => {
    const { jobs, all } = parseQuery(querySchema, request)
    response.writeHead(200, {
      'Content-Type': 'text/event-stream',
      'Cache-Control': 'no-store',
      // nginx would gather messages otherwise.
      'X-Accel-Buffering': 'no',
    })
    response.flushHeaders()
    if (request.method === 'HEAD') return void response.end()
    const session = deps.feed.connect({
      principal,
      outlet: {
        send: (text, sent) => response.write(`data: ${text}\n\n`, sent),
        bufferedBytes: () => response.writableLength,
        close: () => response.destroy(),
      },
    })
    let stuck = false
    const keepAlive = setInterval(() => {
      // There is no pong here: a client that took nothing from one beat to the next is taken for dead.
      if (stuck && response.writableLength > 0) return void response.destroy()
      stuck = response.writableLength > 0
      response.write(KEEP_ALIVE)
    }, SOCKET_LIMITS.pingEveryMs)
    response.once('close', () => {
      clearInterval(keepAlive)
      session.end()
    })
    if (all) await session.subscribeAll()
    if (jobs) await session.subscribe(jobs)
  },
})
