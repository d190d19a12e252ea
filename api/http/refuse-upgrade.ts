import { STATUS_CODES } from 'node:http'
import type { Duplex } from 'node:stream'
import type { Problem } from './problem.ts'

/** Answers a WebSocket handshake with a problem instead: express has no part in it. */
export const refuseUpgrade = (socket: Duplex, problem: Problem, requestId: string): void => {
  const body = JSON.stringify(problem.body(requestId))
  const headers = {
    ...problem.headers,
    Connection: 'close',
    'Content-Type': 'application/problem+json',
    'Content-Length': String(Buffer.byteLength(body)),
    'X-Request-Id': requestId,
  }
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`)
  const status = `HTTP/1.1 ${problem.status} ${STATUS_CODES[problem.status] ?? 'Refused'}`
  socket.once('finish', () => socket.destroy())
  socket.end(`${[status, ...lines].join('\r\n')}\r\n\r\n${body}`)
}
