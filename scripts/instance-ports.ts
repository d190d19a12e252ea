import type { Config } from '../config.ts'
import { findPort } from './free-port.ts'

const DEFAULT_PORTS = { api: 8080, temporal: 7233, temporalUi: 8233 }
const LOOPBACK = '127.0.0.1'

export interface InstancePorts {
  api: number
  /** Null: a Temporal server elsewhere is used. */
  temporal: { server: number; ui: number } | null
}

/** Ports as they were set, or else the usual ones, or the next free ones. @throws StartError */
export const findInstancePorts = async ({
  http,
  temporal,
}: Pick<Config, 'http' | 'temporal'>): Promise<InstancePorts> => {
  const taken = new Set<number>()
  const find = async (host: string, set: number | null, first: number, setting: string): Promise<number> => {
    const port = await findPort({ host, set, first, setting, taken })
    taken.add(port)
    return port
  }
  const api = await find(http.host, http.port, DEFAULT_PORTS.api, 'SLUICE_PORT')
  if (temporal.address !== null) return { api, temporal: null }
  const server = await find(LOOPBACK, temporal.port, DEFAULT_PORTS.temporal, 'SLUICE_TEMPORAL_PORT')
  const ui = await find(LOOPBACK, temporal.uiPort, DEFAULT_PORTS.temporalUi, 'SLUICE_TEMPORAL_UI_PORT')
  return { api, temporal: { server, ui } }
}

/** Host and port under which this machine reaches what listens on `host`. */
export const reachableAt = (host: string, port: number): string => {
  if (host === '0.0.0.0' || host === '::') return `${LOOPBACK}:${port}`
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
}

/** What the instance file says of addresses. */
export const instanceAddresses = ({ http, temporal }: Pick<Config, 'http' | 'temporal'>, ports: InstancePorts) => ({
  url: `http://${reachableAt(http.host, ports.api)}`,
  temporalAddress: temporal.address ?? `${LOOPBACK}:${ports.temporal?.server}`,
  temporalUiUrl: temporal.uiUrl ?? (ports.temporal ? `http://${LOOPBACK}:${ports.temporal.ui}` : null),
})
