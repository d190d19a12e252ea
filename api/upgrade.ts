import { randomUUID } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { BUS_PATH } from '../progress/bus-secret.ts'
import type { LoopbackHub } from '../progress/loopback-hub.ts'
import type { Principal } from './access/principal.ts'
import type { ApiDeps } from './deps.ts'
import { Problem, toProblem } from './http/problem.ts'
import { refuseUpgrade } from './http/refuse-upgrade.ts'
import { API_PATH } from './links.ts'
import type { ProgressSocket } from './progress/socket.ts'

export type UpgradeDeps = Pick<ApiDeps, 'guard' | 'authenticate' | 'tickets' | 'log'> & {
  hub: LoopbackHub
  progress: ProgressSocket
}

/** Where WebSocket handshakes go; express never sees them, so access is checked here by the same rules. */
export const createUpgradeHandler = (deps: UpgradeDeps) => {
  const take = async (request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> => {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://localhost')
    if (pathname === BUS_PATH) return deps.hub.upgrade(request, socket, head)
    if (!deps.guard.hostAllowed(request)) throw new Problem('HostRefused')
    if (!deps.guard.originAllowed(request)) throw new Problem('OriginRefused')
    const principal = await whoAsks(request, searchParams.get('ticket'))
    if (!principal) throw new Problem('Unauthenticated', 'Sign in, or get a ticket from /api/v1/progress/tickets.')
    if (pathname !== `${API_PATH}/progress`) throw new Problem('NotFound')
    deps.progress.upgrade({ request, socket, head, principal })
  }
  const whoAsks = async (request: IncomingMessage, ticket: string | null): Promise<Principal | null> =>
    ticket === null ? deps.authenticate(request) : deps.tickets.redeem(ticket)

  return (request: IncomingMessage, socket: Duplex, head: Buffer): void => {
    // Until somebody takes the socket, a client that goes away must not end the process.
    const onError = (error: Error) => deps.log.debug({ err: error }, 'handshake broke off')
    socket.on('error', onError)
    take(request, socket, head).catch((error: unknown) => {
      const problem = toProblem(error)
      if (problem.status >= 500) deps.log.error({ err: error }, 'handshake failed')
      refuseUpgrade(socket, problem, randomUUID())
    })
  }
}
