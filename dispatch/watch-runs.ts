import { setTimeout as delay } from 'node:timers/promises'
import type { WorkflowExecutionInfo } from '@temporalio/client'
import type { JobRow } from '../catalog/job-row.ts'
import type { JobQueries } from '../catalog/jobs.ts'
import { isEnded, parseWorkflowId } from '../contract/names.ts'
import { lookAfterJob, type LookAfterDeps } from './look-after-job.ts'

export interface RunWatcherDeps extends LookAfterDeps {
  jobs: LookAfterDeps['jobs'] & Pick<JobQueries, 'getMany' | 'markReset'>
  intervalMs?: number
}

export interface RunWatcher {
  /** One look now, beside those of the clock. */
  runOnce(): Promise<void>
  /** Ends the clock and waits for a look that is under way. */
  stop(): Promise<void>
}

const INTERVAL_MS = 2_000
/** While Temporal or the catalog does not answer, twice as long each time, up to this. */
const AWAY_INTERVAL_MS = 15_000
const LIST_TIMEOUT_MS = 5_000
/** Visibility lags behind what happens: by milliseconds on SQLite, by seconds on a busy cluster. */
const WINDOW_MS = 15_000
/** So many workflows at most in one look; what is beyond is found by the workflow's own projections and the reconciler. */
const MOST = 500

/**
 * Looks for what operators do in Temporal's Web UI or CLI behind the back of their jobs: workflows that closed without a word,
 * and new runs of workflows, as a reset makes them. The reconciler would find the first after a minute, and the others only
 * when they come to their next step.
 */
export const createRunWatcher = (deps: RunWatcherDeps): RunWatcher => {
  const { client, jobs, log, onChanged, intervalMs = INTERVAL_MS } = deps
  const stopping = new AbortController()
  /** When each run was looked at, by run and status; dropped when it leaves the window. */
  const looked = new Map<string, number>()
  /** When the last look began that came to its end: those that failed have seen nothing. */
  let lookedAt = Date.now()

  const newsSince = async (since: number): Promise<WorkflowExecutionInfo[]> => {
    const news: WorkflowExecutionInfo[] = []
    const executions = client.list({ query: queryOf(since), pageSize: MOST })
    for await (const execution of executions) {
      const key = `${execution.runId} ${execution.status.name}`
      if (!looked.has(key)) news.push(execution)
      looked.set(key, Date.now())
      if (news.length === MOST || stopping.signal.aborted) break
    }
    return news
  }

  const look = async (execution: WorkflowExecutionInfo, job: JobRow): Promise<void> => {
    if (execution.status.name !== 'RUNNING') {
      if (!isEnded(job.state)) await lookAfterJob(deps, job)
      return
    }
    const revision = await jobs.markReset({ id: job.id, run: job.run, workflowRunId: execution.runId })
    if (revision === null) return
    log.warn({ jobId: job.id, run: job.run, workflowRunId: execution.runId }, 'the workflow of this job was reset')
    onChanged(job.id, revision)
  }

  const runOnce = async (): Promise<void> => {
    const startedAt = Date.now()
    const since = Math.min(startedAt, lookedAt) - WINDOW_MS
    const found = await client.withDeadline(Date.now() + LIST_TIMEOUT_MS, () => newsSince(since))
    const news = found.flatMap((execution) => {
      const name = parseWorkflowId(execution.workflowId)
      return name === null ? [] : [{ execution, ...name }]
    })
    for (const [key, at] of looked) if (at < since) looked.delete(key)
    const rows = new Map((await jobs.getMany(news.map(({ jobId }) => jobId))).map((row) => [row.id, row]))
    for (const { execution, jobId, run } of news) {
      const row = rows.get(jobId)
      if (row?.run === run) await look(execution, row)
    }
    lookedAt = startedAt
  }

  const loop = async (): Promise<void> => {
    let wait = intervalMs
    while (!stopping.signal.aborted) {
      try {
        await delay(wait, undefined, { signal: stopping.signal })
        await runOnce()
        wait = intervalMs
      } catch (error) {
        if (stopping.signal.aborted) return
        // What was listed and not looked at is to be looked at again.
        looked.clear()
        if (wait === intervalMs) log.warn({ err: error }, 'cannot watch the runs of workflows now')
        wait = Math.min(wait * 2, AWAY_INTERVAL_MS)
      }
    }
  }

  const looping = loop()
  return {
    runOnce,
    stop: async () => {
      stopping.abort()
      await looping
    },
  }
}

/** Workflows that end well have told the catalog themselves. */
const queryOf = (since: number): string => {
  const then = `'${new Date(since).toISOString()}'`
  return (
    `(ExecutionStatus IN ('Terminated', 'Canceled', 'Failed', 'TimedOut') AND CloseTime > ${then}) OR ` +
    `(ExecutionStatus = 'Running' AND StartTime > ${then})`
  )
}
