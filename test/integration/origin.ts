import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** Answers one request; helpers in origin-answers.ts make them. */
export type Answer = (request: IncomingMessage, response: ServerResponse) => void | Promise<void>

export interface SeenRequest {
  method: string
  path: string
  range: string | null
  ifRange: string | null
}

/** A web server of the test's own: knows only what the test told it, and behaves as badly as it was told. */
export interface Origin {
  /** `127.0.0.1:PORT`, as SLUICE_ALLOW_ADDRESSES takes it. */
  address: string
  urlOf(path: string): string
  on(path: string, answer: Answer): void
  /** Every request so far, in order. */
  seen: readonly SeenRequest[]
  /** Ends every connection, in the middle of what it carries. */
  drop(): void
  close(): Promise<void>
}

export const startOrigin = async (): Promise<Origin> => {
  const answers = new Map<string, Answer>()
  const seen: SeenRequest[] = []
  const server = createServer((request, response) => {
    const path = new URL(request.url ?? '/', 'http://origin').pathname
    const { range = null, 'if-range': ifRange = null } = request.headers
    seen.push({ method: request.method ?? 'GET', path, range, ifRange: typeof ifRange === 'string' ? ifRange : null })
    const answer = answers.get(path)
    if (answer === undefined) {
      response.writeHead(404, { 'content-type': 'text/plain' }).end('nothing here')
      return
    }
    Promise.resolve(answer(request, response)).catch((error: unknown) => response.destroy(error as Error))
  })
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  const address = `127.0.0.1:${(server.address() as AddressInfo).port}`
  return {
    address,
    urlOf: (path) => `http://${address}${path}`,
    on: (path, answer) => void answers.set(path, answer),
    seen,
    drop: () => server.closeAllConnections(),
    close: () =>
      new Promise((closed) => {
        server.close(() => closed())
        server.closeAllConnections()
      }),
  }
}
