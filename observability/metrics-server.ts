import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Registry } from 'prom-client'

export interface MetricsServer {
  /** The port it got. */
  port: number
  close(): void
}

/** Serves `/metrics` of a process without an API, on loopback alone: a collector runs beside it or behind a proxy. */
export const serveMetrics = async (registry: Registry, port: number): Promise<MetricsServer> => {
  const server = createServer((request, response) => {
    if (request.url !== '/metrics') {
      response.writeHead(404).end()
      return
    }
    registry.metrics().then(
      (text) => response.writeHead(200, { 'content-type': registry.contentType }).end(text),
      () => response.writeHead(500).end(),
    )
  })
  await new Promise<void>((listening, failed) => {
    server.once('error', failed)
    server.listen(port, '127.0.0.1', listening)
  })
  // Metrics alone must not keep a finished worker alive.
  server.unref()
  return { port: (server.address() as AddressInfo).port, close: () => server.close() }
}
