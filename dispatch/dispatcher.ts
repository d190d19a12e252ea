import { setTimeout as delay } from 'node:timers/promises'
import type { WorkflowClient } from '@temporalio/client'
import type { Logger } from 'pino'
import type { JobRow } from '../catalog/job-row.ts'
import type { JobQueries } from '../catalog/jobs.ts'
import { createAcceptanceLoad } from './acceptance-load.ts'
import { createIntentCarrier } from './carry-intents.ts'
import { gatherRows } from './gather-rows.ts'
import { createOpenCalls } from './open-calls.ts'
import { createStartedMarks } from './started-marks.ts'
import { startWorkflow } from './start-workflow.ts'
import { isAway } from './temporal-errors.ts'
import { createReachability } from './reachability.ts'

export interface DispatcherDeps {
  client: WorkflowClient
  jobs: Pick<
    JobQueries,
    | 'claimForDispatch'
    | 'markStarted'
    | 'releaseDispatch'
    | 'intentsToPassOn'
    | 'markPassedOn'
    | 'markEnded'
    | 'markLost'
    | 'noteProblem'
  >
  log: Logger
  /** A row has a new revision. */
  onChanged: (jobId: string, revision: number) => void
  /** Tells workers what is wished of a job; default: they hear of it from Temporal alone. */
  hint?: (row: JobRow) => void
  sweepMs?: number
}

export interface Dispatcher {
  /** Takes rows in hand that were just accepted or retried, and so are claimed; their workflows are started after the caller. */
  start(rows: readonly JobRow[]): void
  /** Tells the workflow of a row what is newly wished of its job; does not wait. */
  carry(row: JobRow): void
  /** One look now for jobs that nobody started and wishes that nobody passed on. */
  sweep(): Promise<void>
  /** Ends the sweep, waits for what is in flight and gives back what was not begun. */
  stop(): Promise<void>
}

/** How long a job waits that another process accepted and left behind, or that was accepted while Temporal was away. */
const SWEEP_MS = 2_000
/** More in flight makes a start slower, not more of them: the server takes about 100 a second. */
const STARTS_IN_FLIGHT = 8
/** While jobs come in a stream, those who submit are answered first. */
const STARTS_UNDER_LOAD = 1
/** Rows in hand; what comes beyond is left to the sweep, which takes the urgent ones first. */
const MAX_QUEUED = 500
/** When so few are left, the sweep is asked for more at once, so that starting never pauses. */
const LOW_WATER = 50

/** Giving back is a commit, as dear as accepting: under load it must not come with each of them. */
const GIVE_BACK_EVERY_MS = 250

/** Far more than an answer takes, less than whoever stops the process waits. */
const STOP_PATIENCE_MS = 1_000

/** Keeps Temporal in step with what the catalog accepted. Temporal may be away: jobs wait and start when it returns. */
export const createDispatcher = (deps: DispatcherDeps): Dispatcher => {
  const { client, jobs, log, sweepMs = SWEEP_MS } = deps
  const queued = new Map<string, JobRow>()
  const inFlight = new Map<string, Promise<void>>()
  /** Claimed, but more than can be held: on their way back. */
  const surplus = new Map<string, JobRow>()
  /** Queued rows whose start was sent and not answered: Temporal may have them. */
  const unanswered = new Set<string>()
  const stopping = new AbortController()
  const openCalls = createOpenCalls()
  const load = createAcceptanceLoad()
  const marks = createStartedMarks({ jobs, log })
  const reachability = createReachability({ client, log, stopping: stopping.signal, onReturn: () => void sweep() })
  let more = false
  let givingBack: NodeJS.Timeout | null = null
  let sweeping: Promise<void> | null = null

  const giveBack = async (rows: JobRow[]): Promise<void> => {
    try {
      for (const row of await jobs.releaseDispatch(rows)) deps.onChanged(row.id, row.revision)
    } catch (error) {
      log.warn({ err: error, jobs: rows.length }, 'cannot give jobs back; they start when their claim runs out')
    }
  }

  const giveBackSurplus = async (): Promise<void> => {
    if (givingBack) clearTimeout(givingBack)
    givingBack = null
    const rows = [...surplus.values()]
    surplus.clear()
    if (rows.length > 0) await giveBack(rows)
  }

  const mostInFlight = (): number => (load.isBusy() ? STARTS_UNDER_LOAD : STARTS_IN_FLIGHT)

  const pump = (): void => {
    while (!stopping.signal.aborted && reachability.isReachable() && inFlight.size < mostInFlight()) {
      const row = mostUrgent(queued.values())
      if (row === undefined) break
      queued.delete(row.id)
      unanswered.delete(row.id)
      const starting = begin(row).finally(() => {
        inFlight.delete(row.id)
        pump()
      })
      inFlight.set(row.id, starting)
    }
    if (more && queued.size < LOW_WATER) void sweep()
  }

  const begin = async (row: JobRow): Promise<void> => {
    // A start without an answer may have happened, a question without one has not: a row that was never sent off can still
    // be cancelled without Temporal.
    if (!(await reachability.check())) return void queued.set(row.id, row)
    try {
      await startWorkflow(client, row, openCalls)
      reachability.answered()
      marks.add(row)
    } catch (error) {
      if (isAway(error)) {
        reachability.lost(error)
        queued.set(row.id, row)
        unanswered.add(row.id)
      } else {
        log.error({ err: error, jobId: row.id }, 'Temporal refuses to start this job; it is tried again')
      }
    }
  }

  const intents = createIntentCarrier({
    ...deps,
    hint: deps.hint ?? (() => {}),
    reachability,
    openCalls,
    settleStart: async (row) => {
      await inFlight.get(row.id)
      const isHeld = queued.delete(row.id) || surplus.delete(row.id)
      if (!isHeld || unanswered.delete(row.id)) return 'sent'
      await giveBack([row])
      return 'withdrawn'
    },
  })

  const sweep = (): Promise<void> => {
    sweeping ??= sweepOnce().finally(() => {
      sweeping = null
    })
    return sweeping
  }

  const sweepOnce = async (): Promise<void> => {
    try {
      await marks.flush()
      if (stopping.signal.aborted) return
      await intents.carryWaiting()
      if (!reachability.isReachable()) return
      await giveBackSurplus()
      const room = MAX_QUEUED - queued.size
      const rows = room > 0 ? await jobs.claimForDispatch(room) : []
      more = rows.length > 0 && rows.length === room
      hold(rows)
      pump()
    } catch (error) {
      log.warn({ err: error }, 'cannot look for jobs to start')
    }
  }

  const hold = (rows: readonly JobRow[]): void => {
    const isInHand = ({ id }: JobRow): boolean => queued.has(id) || surplus.has(id) || inFlight.has(id)
    const fresh = rows.filter((row) => !isInHand(row) && !marks.has(row))
    const beyond = fresh.splice(Math.max(0, MAX_QUEUED - queued.size))
    for (const row of fresh) queued.set(row.id, row)
    if (beyond.length > 0) {
      more = true
      for (const row of beyond) surplus.set(row.id, row)
      givingBack ??= setTimeout(() => void giveBackSurplus(), GIVE_BACK_EVERY_MS)
    }
  }

  const loop = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      await sweep()
      await delay(sweepMs, undefined, { signal: stopping.signal }).catch(() => undefined)
    }
  }

  const looping = loop()
  const startHeld = gatherRows(pump)
  return {
    start: (rows) => {
      load.accepted(rows.length)
      hold(rows)
      startHeld(rows)
    },
    carry: (row) => void intents.carry(row),
    sweep,
    stop: async () => {
      stopping.abort()
      const patience = setTimeout(() => openCalls.hangUp(), STOP_PATIENCE_MS)
      await Promise.all([looping, intents.idle(), ...inFlight.values()])
      clearTimeout(patience)
      await marks.flush()
      await giveBackSurplus()
      await giveBack([...queued.values()].filter((row) => !unanswered.has(row.id)))
    },
  }
}

const mostUrgent = (rows: Iterable<JobRow>): JobRow | undefined => {
  let best: JobRow | undefined
  for (const row of rows) if (best === undefined || row.priority < best.priority) best = row
  return best
}
