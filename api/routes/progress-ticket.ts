import { z } from 'zod'
import type { ApiDeps } from '../deps.ts'
import { json, problems } from '../http/responses.ts'
import { Problem } from '../http/problem.ts'
import type { Route } from '../http/route.ts'
import { time } from '../job-view.ts'
import { API_PATH } from '../links.ts'

const ticketSchema = z.object({ ticket: z.string(), expiresAt: z.iso.datetime() }).meta({ id: 'ProgressTicket' })

export const issueProgressTicket = (deps: ApiDeps): Route => ({
  method: 'post',
  path: `${API_PATH}/progress/tickets`,
  role: 'viewer',
  operation: {
    operationId: 'issueProgressTicket',
    summary: 'A ticket for one progress socket, good for 30 s',
    description: 'For clients that can neither send a header with a WebSocket nor have a cookie: `?ticket=…`.',
    tags: ['Progress'],
    responses: { '201': json('The ticket', ticketSchema), ...problems() },
  },
  handle: ({ response, principal }) => {
    const { ticket, expiresAt } = deps.tickets.issue(principal)
    response
      .status(201)
      .setHeader('Cache-Control', 'no-store')
      .json({ ticket, expiresAt: time(expiresAt) })
  },
})

/** The socket itself is taken before express sees it; what comes here has asked without an upgrade. */
export const progressSocket = (): Route => ({
  method: 'get',
  path: `${API_PATH}/progress`,
  role: 'viewer',
  operation: {
    operationId: 'openProgressSocket',
    summary: 'The progress socket (WebSocket, subprotocol `sluice.v1`)',
    description: `Its messages are described in [the AsyncAPI document](${API_PATH}/asyncapi.json).`,
    tags: ['Progress'],
    requestParams: { query: z.object({ ticket: z.string().optional() }) },
    responses: { '101': { description: 'The connection is a WebSocket now' }, ...problems(400, 403, 426) },
  },
  handle: () => {
    throw new Problem('UpgradeRequired', 'This is a WebSocket; server-sent events are at /api/v1/progress/events.', {
      headers: { Upgrade: 'websocket', Connection: 'Upgrade' },
    })
  },
})
