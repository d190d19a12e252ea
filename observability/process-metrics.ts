import { collectDefaultMetrics, Registry } from 'prom-client'

/** At prom-client's 10 ms the clock that measures the event loop's delay is 1 % of a processor by itself. */
const LOOP_DELAY_STEP_MS = 100

/** A registry that holds what there is to know of any process: CPU, memory, event loop, collector. */
export const createRegistry = (): Registry => {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry, eventLoopMonitoringPrecision: LOOP_DELAY_STEP_MS })
  return registry
}
