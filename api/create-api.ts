import { createServer, type Server } from 'node:http'
import type { Logger } from 'pino'
import type { Catalog } from '../catalog/catalog.ts'
import type { JobRow } from '../catalog/job-row.ts'
import type { Config } from '../config.ts'
import { readBusSecret } from '../progress/bus-secret.ts'
import { createLoopbackHub, type LoopbackHub } from '../progress/loopback-hub.ts'
import { createRoom } from '../storage/room.ts'
import { createAuthenticate } from './access/authenticate.ts'
import { createOriginGuard } from './access/origin-guard.ts'
import { ensureOwnerToken } from './access/owner-token.ts'
import { createTokens, readSigningKey, type Tokens } from './access/tokens.ts'
import { createApiMetrics } from './api-metrics.ts'
import { createApp, type AppDeps } from './app.ts'
import type { ApiDispatch } from './deps.ts'
import { createLinks } from './links.ts'
import { createLiveProgress } from './live-progress.ts'
import { createProgressFeed } from './progress/feed.ts'
import { startHeartbeatFallback } from './progress/heartbeat-fallback.ts'
import { createProgressSocket } from './progress/socket.ts'
import { createTickets } from './progress/tickets.ts'
import { createReadiness } from './readiness.ts'
import { createRemovals } from './removals.ts'
import type { TemporalView } from './temporal-view.ts'
import { createUpgradeHandler } from './upgrade.ts'
import { wishOf } from './wish-of.ts'

export interface ApiParts {
  config: Config
  catalog: Catalog
  temporal: TemporalView
  log: Logger
  version: string
  /** Where the built page lies. */
  webDir: string
  /** Made with the ways to tell watchers that a row has changed, and workers what is wished of a job. */
  createDispatch(tell: {
    onChanged: (jobId: string, revision: number) => void
    hint: (row: JobRow) => void
  }): ApiDispatch
  /** For tests: half the ping interval of the progress socket. */
  socketTickMs?: number
}

/** The API, ready to listen. */
export interface Api {
  server: Server
  hub: LoopbackHub
  tokens: Tokens
  ownerToken: string
  /** Ends progress sockets with 1001, lets requests finish, then ends what is left. */
  close(): Promise<void>
}

/** What requests get to finish after the API was told to stop; whoever told it waits 3 s. */
const CLOSE_PATIENCE_MS = 1_500

export const createApi = async (parts: ApiParts): Promise<Api> => {
  const { config, catalog, temporal, log } = parts
  const tokens = createTokens(await readSigningKey(config.dataDir))
  const ownerToken = await ensureOwnerToken({ dataDir: config.dataDir, tokens })
  const authenticate = createAuthenticate(tokens)
  const guard = createOriginGuard(config.http)
  const tickets = createTickets()

  const hub = createLoopbackHub({ secret: await readBusSecret(config.dataDir), log })
  const removals = createRemovals(config, catalog)
  removals
    .finishAll()
    .catch((error: unknown) =>
      log.warn({ err: error }, 'cannot remove the files of what was deleted; it is tried again at the next start'),
    )
  const room = createRoom(config)
  const roomState = () => room.state()
  const links = createLinks(config.temporal)
  const live = createLiveProgress()
  const feed = createProgressFeed({ jobs: catalog.jobs, live, links, log })
  hub.onMessage((message) => feed.onMessage(message))
  const announce = (jobId: string, revision: number) => hub.announce({ type: 'changed', jobId, revision })
  const stopFallback = startHeartbeatFallback({
    feed,
    lastHeardAt: () => hub.lastHeardAt(),
    readHeartbeats: (workflowId) => temporal.readHeartbeats(workflowId),
    log,
  })

  const deps: AppDeps = {
    ...parts,
    tokens,
    authenticate,
    guard,
    tickets,
    feed,
    live,
    links,
    dispatch: parts.createDispatch({ onChanged: announce, hint: (row) => hub.tellWorkers(wishOf(row)) }),
    metrics: createApiMetrics({ sockets: () => feed.clientCount(), links: () => hub.linkCount() }),
    removals,
    changed: ({ id, revision }) => announce(id, revision),
    roomState,
    checkReadiness: createReadiness({ ...parts, roomState }),
    workerHeardAt: () => hub.lastHeardAt(),
  }
  const progress = createProgressSocket({ feed, log, ...(parts.socketTickMs && { tickMs: parts.socketTickMs }) })
  const server = createServer(createApp(deps))
  server.on('upgrade', createUpgradeHandler({ guard, authenticate, tickets, log, hub, progress }))

  return {
    server,
    hub,
    tokens,
    ownerToken,
    close: async () => {
      stopFallback()
      progress.close()
      feed.close()
      hub.close()
      await closeServer(server)
    },
  }
}

const closeServer = (server: Server): Promise<void> =>
  new Promise((resolve) => {
    const impatience = setTimeout(() => server.closeAllConnections(), CLOSE_PATIENCE_MS)
    // One that never listened is closed already: that is the only error there is.
    server.close(() => {
      clearTimeout(impatience)
      resolve()
    })
    server.closeIdleConnections()
  })
