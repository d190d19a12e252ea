import { fileURLToPath } from 'node:url'
import { Client } from '@temporalio/client'
import { bundleWorkflowCode, DefaultLogger, NativeConnection, Runtime, Worker } from '@temporalio/worker'
import { pino } from 'pino'
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import type { JobRow } from '../../catalog/job-row.ts'
import { TASK_QUEUES, workflowIdOf } from '../../contract/names.ts'
import { createOpenCalls } from '../../dispatch/open-calls.ts'
import { createReconciler, type Reconciler } from '../../dispatch/reconcile.ts'
import { createInfoRunner } from '../../dispatch/run-info.ts'
import { startWorkflow } from '../../dispatch/start-workflow.ts'
import { connectTemporal } from '../../dispatch/temporal-connection.ts'
import { TemporalAway } from '../../dispatch/temporal-errors.ts'
import { acceptedJob, DATABASES, openTestCatalog, type TestCatalog, type TestDatabase } from './catalog-databases.ts'
import { createTestTemporal, type TestTemporal } from './dispatch-temporal.ts'
import { freePort } from './free-port.ts'

const WAIT = { timeout: 60_000, interval: 50 }
/** Short enough that a row is quiet at once. */
const QUIET_MS = 1

describe('with workflows that end in every way', () => {
  let temporal: TestTemporal
  let database: TestDatabase
  let catalog: TestCatalog
  let reconciler: Reconciler
  let stopWorker: () => Promise<void>
  const clock = { now: Date.now() }
  const changed: [string, number][] = []

  beforeAll(async () => {
    const quiet = new DefaultLogger('ERROR')
    Runtime.install({ logger: quiet })
    temporal = await createTestTemporal()
    database = await DATABASES[0].start()
    await temporal.start()
    catalog = await openTestCatalog(await database.create(), clock)
    const connection = await NativeConnection.connect({ address: temporal.address })
    const worker = await Worker.create({
      connection,
      taskQueue: TASK_QUEUES.control,
      workflowBundle: await bundleWorkflowCode({
        workflowsPath: fileURLToPath(new URL('dispatch-workflows.ts', import.meta.url)),
        logger: quiet,
      }),
    })
    const running = worker.run()
    stopWorker = async () => {
      worker.shutdown()
      await running
      await connection.close()
    }
    reconciler = createReconciler({
      client: temporal.client.workflow,
      jobs: catalog.jobs,
      log: pino({ level: 'silent' }),
      onChanged: (jobId, revision) => void changed.push([jobId, revision]),
      quietMs: QUIET_MS,
      // The server waits longer and longer between attempts.
      stuckAfterAttempts: 1,
    })
  })
  afterAll(async () => {
    await reconciler.stop()
    await stopWorker()
    await catalog.knex.destroy()
    await temporal.dispose()
    await database.stop()
  })
  beforeEach(async () => {
    changed.length = 0
    // Rows are written in the past of the reconciler's own clock.
    clock.now = Date.now() - 60_000
    await catalog.knex('jobs').delete()
  })

  /** A job that Temporal has, and of which the row knows nothing but that. */
  const begin = async (passthrough: string): Promise<JobRow> => {
    const outcome = await catalog.jobs.acceptOrMatch([acceptedJob({ passthrough })])
    const job = outcome.outcome === 'accepted' ? outcome.items[0]?.job : undefined
    if (!job) throw new Error('nothing was accepted')
    await startWorkflow(temporal.client.workflow, job, createOpenCalls())
    await catalog.jobs.markStarted([job])
    return job
  }
  const handleOf = ({ kind, id, run }: JobRow) => temporal.client.workflow.getHandle(workflowIdOf(kind, id, run))
  const closed = (job: JobRow) =>
    handleOf(job)
      .result()
      .then(
        () => undefined,
        () => undefined,
      )

  it.each([
    ['succeed', { state: 'succeeded', percent: 100, result: { mediaIds: ['media'], reused: false }, error: null }],
    ['fail', { state: 'failed', result: null, error: { code: 'SourceNotFound', message: 'It is gone.' } }],
  ])('copies the outcome of one that closed: %s', async (passthrough, expected) => {
    const job = await begin(passthrough)
    await closed(job)
    await reconciler.runOnce()
    expect(await catalog.jobs.get(job.id)).toMatchObject({ ...expected, revision: 2 })
    expect(changed).toEqual([[job.id, 2]])
    await reconciler.runOnce()
    expect(changed).toHaveLength(1)
  })

  it('says that an operator ended one', async () => {
    const job = await begin('wait')
    await handleOf(job).terminate('by hand')
    await reconciler.runOnce()
    expect(await catalog.jobs.get(job.id)).toMatchObject({ state: 'failed', error: { code: 'WorkflowTerminated' } })
  })

  it('takes a termination for a cancellation where that was wanted', async () => {
    const job = await begin('wait')
    await catalog.jobs.requestCancel(job.id)
    await handleOf(job).terminate('by hand')
    await reconciler.runOnce()
    expect(await catalog.jobs.get(job.id)).toMatchObject({ state: 'cancelled', error: null })
  })

  it('copies a cancellation', async () => {
    const job = await begin('wait')
    await handleOf(job).cancel()
    await closed(job)
    await reconciler.runOnce()
    expect(await catalog.jobs.get(job.id)).toMatchObject({ state: 'cancelled', error: null })
  })

  it('dispatches again what Temporal does not know', async () => {
    const outcome = await catalog.jobs.acceptOrMatch([acceptedJob()])
    const id = outcome.outcome === 'accepted' ? (outcome.items[0]?.job.id ?? '') : ''
    await catalog.jobs.markStarted([{ id, run: 1 }])
    await reconciler.runOnce()
    expect(changed).toEqual([[id, 2]])
    expect((await catalog.jobs.claimForDispatch(9)).map((job) => job.id)).toEqual([id])
  })

  it('leaves one alone that runs, and does not ask about it again at once', async () => {
    const job = await begin('wait')
    await reconciler.runOnce()
    expect(changed).toEqual([])
    expect(await catalog.jobs.get(job.id)).toMatchObject({ state: 'accepted', revision: 1, error: null })
    expect(await catalog.jobs.quietSince(clock.now - 1, 9)).toEqual([])
    await handleOf(job).terminate()
  })

  it('says that one cannot go on, and ends it when it is cancelled', async () => {
    const job = await begin('break')
    await vi.waitFor(async () => {
      // A row that was just looked at is quiet again only later.
      await catalog.knex('jobs').update({ checked_at: null })
      await reconciler.runOnce()
      expect(await catalog.jobs.get(job.id)).toMatchObject({ state: 'accepted', error: { code: 'WorkflowStuck' } })
    }, WAIT)
    expect(changed).toEqual([[job.id, 2]])
    await catalog.jobs.requestCancel(job.id)
    await vi.waitFor(async () => {
      await catalog.knex('jobs').update({ checked_at: null })
      await reconciler.runOnce()
      expect(await catalog.jobs.get(job.id)).toMatchObject({ state: 'cancelled' })
    }, WAIT)
  })

  describe('a question about an address', () => {
    const ask = (path: string, timeLimitMs?: number) =>
      createInfoRunner({ client: temporal.client.workflow, ...(timeLimitMs && { timeLimitMs }) })({
        url: `https://example.org/${path}`,
        owner: 'owner',
      })

    it('is answered', async () => {
      expect(await ask('clip')).toMatchObject({ url: 'https://example.org/clip', title: 'A clip' })
    })

    it('fails as the workflow does', async () => {
      await expect(ask('gone')).rejects.toMatchObject({ code: 'SourceNotFound', message: 'It is gone.' })
    })

    it('is given up at the time limit', async () => {
      const startedAt = Date.now()
      await expect(ask('slow', 1_500)).rejects.toMatchObject({ code: 'SourceUnavailable' })
      expect(Date.now() - startedAt).toBeLessThan(10_000)
    })

    it('is not asked where Temporal is away, which is said soon', async () => {
      const connection = connectTemporal(`127.0.0.1:${await freePort()}`)
      const { workflow } = new Client({ connection })
      const startedAt = Date.now()
      const asked = createInfoRunner({ client: workflow })({ url: 'https://example.org/clip', owner: 'owner' })
      await expect(asked).rejects.toBeInstanceOf(TemporalAway)
      expect(Date.now() - startedAt).toBeLessThan(10_000)
      await connection.close()
    })
  })
})
