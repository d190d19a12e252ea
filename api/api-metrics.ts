import { Gauge, Histogram, type Registry } from 'prom-client'
import { createRegistry } from '../observability/process-metrics.ts'

/** The API's own figures, in the Prometheus text format. */
export interface ApiMetrics {
  registry: Registry
  requestEnded(request: { method: string; route: string; status: number; durationMs: number }): void
}

export const createApiMetrics = (count: { sockets: () => number; links: () => number }): ApiMetrics => {
  const registry = createRegistry()
  const duration = new Histogram({
    name: 'sluice_http_request_duration_seconds',
    help: 'Time from a request to the end of its answer',
    labelNames: ['method', 'route', 'status'],
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5, 30],
    registers: [registry],
  })
  new Gauge({
    name: 'sluice_progress_clients',
    help: 'Progress sockets and event streams that are open',
    registers: [registry],
    collect() {
      this.set(count.sockets())
    },
  })
  new Gauge({
    name: 'sluice_progress_links',
    help: 'Workers that are linked to this process',
    registers: [registry],
    collect() {
      this.set(count.links())
    },
  })
  return {
    registry,
    requestEnded: ({ method, route, status, durationMs }) =>
      duration.observe({ method, route, status: String(status) }, durationMs / 1_000),
  }
}
