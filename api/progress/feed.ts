import type { Logger } from 'pino'
import type { JobRow } from '../../catalog/job-row.ts'
import type { JobQueries } from '../../catalog/jobs.ts'
import { isEnded } from '../../contract/names.ts'
import type { BusMessage, ProgressSample } from '../../contract/progress.ts'
import { SOCKET_LIMITS } from '../../contract/socket.ts'
import { maySee, visibleOwner, type Principal } from '../access/principal.ts'
import { toJob } from '../job-view.ts'
import type { Links } from '../links.ts'
import type { LiveProgress } from '../live-progress.ts'
import { createFeedClient, LIVE_STATES, progressKey, type FeedClient } from './feed-client.ts'
import { progressMessage, stateMessages } from './messages.ts'
import type { Outlet } from './outbox.ts'
import { createRowReader } from './row-reader.ts'

/** Knows who watches which job, and tells them what happens to it. */
export interface ProgressFeed {
  connect(client: { outlet: Outlet; principal: Principal }): FeedSession
  /** What the bus carries. */
  onMessage(message: BusMessage): void
  /** A reading, whichever way it came. */
  onSample(sample: ProgressSample): void
  onRemoved(job: Pick<JobRow, 'id' | 'owner'>): void
  /** Jobs that somebody watches and that have not ended, as they were when last read. */
  watchedJobs(): JobRow[]
  /** Has these rows read again, as if each was said to have changed. */
  refresh(jobIds: string[]): void
  clientCount(): number
  close(): void
}

/** One client's connection, as a socket or an event stream drives it. */
export interface FeedSession {
  subscribe(jobIds: string[]): Promise<void>
  subscribeAll(): Promise<void>
  unsubscribe(jobIds: string[]): void
  pong(): void
  reject(error: { code: string; message: string }): void
  end(): void
}

export interface FeedDeps {
  jobs: Pick<JobQueries, 'getMany' | 'list'>
  live: LiveProgress
  links: Links
  log: Logger
}

export const createProgressFeed = (deps: FeedDeps): ProgressFeed => {
  const { jobs, live, log } = deps
  const clients = new Set<FeedClient>()
  /** Who watches a job, by its id; those whose snapshot is still being read included. */
  const watchers = new Map<string, Set<FeedClient>>()
  /** Newest row of each watched job. */
  const rows = new Map<string, JobRow>()

  const renderSnapshot = (row: JobRow) => () => JSON.stringify({ type: 'snapshot', job: toJob(row, deps) })
  const watch = (client: FeedClient, jobId: string) => {
    const set = watchers.get(jobId) ?? new Set()
    watchers.set(jobId, set.add(client))
  }
  const unwatch = (client: FeedClient, jobId: string) => {
    client.forget(jobId)
    const set = watchers.get(jobId)
    set?.delete(client)
    if (set?.size !== 0) return
    watchers.delete(jobId)
    rows.delete(jobId)
  }
  /** The newer of what was read and what is known: two readers may overtake each other. */
  const newest = (row: JobRow): JobRow => {
    const known = rows.get(row.id)
    return known && known.revision > row.revision ? known : row
  }
  const show = (client: FeedClient, read: JobRow) => {
    const row = newest(read)
    rows.set(row.id, row)
    watch(client, row.id)
    client.snapshot(row.id, renderSnapshot(row))
  }

  /** Whoever watches everything has nothing more to hear of an ended job; if it runs again it is a new one to them. */
  const letGo = (client: FeedClient, row: JobRow) => {
    if (!isEnded(row.state) || !client.watchesAll || client.asked(row.id)) return
    client.rememberEnd(row.id, row.revision)
    unwatch(client, row.id)
  }
  const showToThoseWhoWatchAll = (row: JobRow) => {
    for (const client of clients) {
      const isNew = client.watchesAll && !watchers.get(row.id)?.has(client) && !client.knowsEnd(row.id, row.revision)
      if (!isNew || !maySee(client.principal, row.owner)) continue
      show(client, row)
      letGo(client, row)
    }
  }
  const onRow = (row: JobRow) => {
    const known = rows.get(row.id) ?? null
    const toTell = [...(watchers.get(row.id) ?? [])]
    showToThoseWhoWatchAll(row)
    if (toTell.length === 0 || (known && known.revision >= row.revision)) return
    rows.set(row.id, row)
    const messages = stateMessages(known, row, live).map((message) => ({
      key: message.step?.name ?? '',
      text: JSON.stringify(message),
    }))
    for (const client of toTell) {
      client.state(row.id, messages, isEnded(row.state))
      letGo(client, row)
    }
  }
  const reader = createRowReader({
    jobs,
    log,
    onRow,
    onMissing: (jobId) => {
      const row = rows.get(jobId)
      if (row) onRemoved(row)
    },
  })

  const onSample = (sample: ProgressSample) => {
    if (!live.accept(sample)) return
    const row = rows.get(sample.jobId)
    if (!row) {
      if (anyoneWatchesAll()) reader.request(sample.jobId)
      return
    }
    if (sample.run !== row.run || isEnded(row.state)) return
    const text = JSON.stringify(progressMessage(sample, live.jobPercent(row)))
    const key = progressKey(sample.jobId, `${sample.step} ${sample.part ?? ''}`)
    for (const client of watchers.get(sample.jobId) ?? []) client.progress(sample.jobId, { key, text })
  }
  const anyoneWatchesAll = () => [...clients].some((client) => client.watchesAll)

  const onRemoved = ({ id, owner }: Pick<JobRow, 'id' | 'owner'>) => {
    const text = JSON.stringify({ type: 'removed', jobId: id })
    for (const client of clients) {
      if (watchers.get(id)?.has(client) || (client.watchesAll && maySee(client.principal, owner)))
        client.removed(id, text)
    }
    for (const client of watchers.get(id) ?? []) unwatch(client, id)
    live.forget(id)
  }

  const subscribe = async (client: FeedClient, jobIds: string[]): Promise<void> => {
    const ids = [...new Set(jobIds)]
    // Before reading, so that no change between reading and telling is missed.
    for (const id of ids) watch(client, id)
    const found = new Map((await jobs.getMany(ids)).map((row) => [row.id, row]))
    const visible = (id: string) => {
      const row = found.get(id)
      return row && maySee(client.principal, row.owner) ? row : null
    }
    const rejected = ids.filter((id) => !visible(id))
    for (const id of rejected) unwatch(client, id)
    if (!clients.has(client)) return
    const accepted = ids.filter(visible)
    client.answer({
      type: 'subscribed',
      jobs: accepted,
      rejected: rejected.map((id) => ({ id, code: 'JobNotFound' as const })),
    })
    for (const id of accepted) {
      const row = visible(id)
      client.asksFor(id)
      if (row) show(client, row)
    }
  }
  const subscribeAll = async (client: FeedClient): Promise<void> => {
    client.watchesAll = true
    const owner = visibleOwner(client.principal)
    const found: JobRow[] = []
    let cursor: string | null | undefined
    do {
      const limit = Math.min(200, SOCKET_LIMITS.allSnapshots - found.length)
      const page = await jobs.list({ owner, states: LIVE_STATES, limit, cursor: cursor ?? undefined })
      found.push(...page.items)
      cursor = page.nextCursor
    } while (cursor !== null && found.length < SOCKET_LIMITS.allSnapshots)
    if (!clients.has(client)) return
    client.answer({ type: 'subscribed', jobs: found.map(({ id }) => id), rejected: [] })
    // One that changed while the list was read has been shown already.
    for (const row of found) if (!client.hasShown(row.id)) show(client, row)
  }

  return {
    connect: ({ outlet, principal }) => {
      const client = createFeedClient({ outlet, principal })
      clients.add(client)
      return {
        subscribe: (jobIds) => subscribe(client, jobIds),
        subscribeAll: () => subscribeAll(client),
        unsubscribe: (jobIds) => {
          for (const id of jobIds) unwatch(client, id)
        },
        pong: () => client.answer({ type: 'pong' }),
        reject: (error) => client.answer({ type: 'error', ...error }),
        end: () => {
          clients.delete(client)
          for (const [jobId, set] of watchers) if (set.has(client)) unwatch(client, jobId)
        },
      }
    },
    onMessage: (message) => {
      if (message.type === 'progress') onSample(message.sample)
      else if (watchers.has(message.jobId) || anyoneWatchesAll()) reader.request(message.jobId)
    },
    onSample,
    onRemoved,
    watchedJobs: () => [...rows.values()].filter(({ state }) => !isEnded(state)),
    refresh: (jobIds) => jobIds.forEach((id) => reader.request(id)),
    clientCount: () => clients.size,
    close: () => {
      for (const client of clients) client.close()
    },
  }
}
