import type { Logger } from 'pino'
import type { Catalog } from '../catalog/catalog.ts'
import type { JobRow } from '../catalog/job-row.ts'
import type { Config } from '../config.ts'
import type { Info } from '../contract/media.ts'
import type { RoomState } from '../storage/room.ts'
import type { Authenticate } from './access/authenticate.ts'
import type { OriginGuard } from './access/origin-guard.ts'
import type { Tokens } from './access/tokens.ts'
import type { ApiMetrics } from './api-metrics.ts'
import type { Links } from './links.ts'
import type { LiveProgress } from './live-progress.ts'
import type { ProgressFeed } from './progress/feed.ts'
import type { Tickets } from './progress/tickets.ts'
import type { Removals } from './removals.ts'
import type { TemporalView } from './temporal-view.ts'

/** What the routes are made from. */
export interface ApiDeps {
  config: Config
  catalog: Catalog
  temporal: TemporalView
  dispatch: ApiDispatch
  feed: ProgressFeed
  live: LiveProgress
  links: Links
  tokens: Tokens
  authenticate: Authenticate
  guard: OriginGuard
  tickets: Tickets
  metrics: ApiMetrics
  /** How the disk of the data directory is divided. */
  roomState(): Promise<RoomState>
  removals: Removals
  /** Tells whoever watches that this process has changed a row. */
  changed(row: Pick<JobRow, 'id' | 'revision'>): void
  log: Logger
  version: string
}

/** What the API has done in Temporal; none of it waits, except `info`. */
export interface ApiDispatch {
  /** Takes rows in hand that were just claimed; their workflows are started after the caller. */
  start(rows: readonly JobRow[]): void
  /** Tells the workflow of a row what is newly wished of its job. */
  carry(row: JobRow): void
  /** Runs an info workflow. @throws SluiceError as its failure says, SourceUnavailable after the time limit, TemporalAway. */
  info(request: { url: string; owner: string }): Promise<Info>
}
