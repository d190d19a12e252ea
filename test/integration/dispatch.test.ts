import { pino } from 'pino'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import type { JobRow } from '../../catalog/job-row.ts'
import { isEnded, workflowIdOf } from '../../contract/names.ts'
import { createDispatcher, type Dispatcher } from '../../dispatch/dispatcher.ts'
import { acceptedJob, DATABASES, openTestCatalog, type TestCatalog, type TestDatabase } from './catalog-databases.ts'
import { createTestTemporal, type TestTemporal } from './dispatch-temporal.ts'

const WAIT = { timeout: 60_000, interval: 20 }

describe('the dispatcher', () => {
  let temporal: TestTemporal
  let database: TestDatabase
  let catalog: TestCatalog
  let dispatcher: Dispatcher
  const clock = { now: Date.now() }
  const changed: string[] = []

  beforeAll(async () => {
    temporal = await createTestTemporal()
    database = await DATABASES[0].start()
    await temporal.start()
  })
  afterAll(async () => {
    await temporal.dispose()
    await database.stop()
  })
  beforeEach(async () => {
    changed.length = 0
    catalog = await openTestCatalog(await database.create(), clock)
    dispatcher = create()
  })
  afterEach(async () => {
    await dispatcher.stop()
    await catalog.knex.destroy()
  })

  const hinted: string[] = []
  const create = (sweepMs = 100): Dispatcher =>
    createDispatcher({
      hint: ({ id }) => void hinted.push(id),
      client: temporal.client.workflow,
      jobs: catalog.jobs,
      log: pino({ level: 'silent' }),
      onChanged: (jobId) => void changed.push(jobId),
      sweepMs,
    })

  const accept = async (count: number, change: Parameters<typeof acceptedJob>[0] = {}): Promise<JobRow[]> => {
    const outcome = await catalog.jobs.acceptOrMatch(Array.from({ length: count }, () => acceptedJob(change)))
    return outcome.outcome === 'accepted' ? outcome.items.map(({ job }) => job) : []
  }
  const acceptOne = async (change: Parameters<typeof acceptedJob>[0] = {}): Promise<JobRow> => {
    const [job] = await accept(1, change)
    if (!job) throw new Error('nothing was accepted')
    return job
  }
  const handleOf = ({ kind, id, run }: JobRow) => temporal.client.workflow.getHandle(workflowIdOf(kind, id, run))
  const describeOf = (job: JobRow | undefined) => {
    if (!job) throw new Error('there is no such job')
    return handleOf(job).describe()
  }
  const startedCount = async (): Promise<number> => {
    const { items } = await catalog.jobs.list({ owner: null, limit: 200 })
    return items.filter((job) => job.startedAt !== null).length
  }
  const allStarted = (count: number) => vi.waitFor(async () => expect(await startedCount()).toBe(count), WAIT)

  it('starts an accepted job so that the Web UI says what it is', async () => {
    const source = { url: 'https://example.org/clip?token=secret', file: null, title: null, site: 'example.org' }
    const job = await acceptOne({ source, priority: 1, passthrough: 'mine' })
    dispatcher.start([job])
    await allStarted(1)
    const description = await handleOf(job).describe()
    expect(description).toMatchObject({
      workflowId: `ingest-${job.id}`,
      type: 'ingest',
      taskQueue: 'sluice',
      priority: { priorityKey: 1, fairnessKey: 'owner' },
    })
    const attributes = description.typedSearchAttributes.getAll().map(({ key, value }) => [key.name, value])
    expect(Object.fromEntries(attributes)).toMatchObject({
      SluiceKind: 'ingest',
      SluiceOwner: 'owner',
      SluiceSite: 'example.org',
    })
    expect(await description.staticSummary()).toBe('https://example.org/clip')
    expect(await catalog.jobs.get(job.id)).toMatchObject({ state: 'accepted', revision: 1 })
  })

  it('starts a job once, however often it is asked to, after its end too', async () => {
    const job = await acceptOne()
    dispatcher.start([job, job])
    await allStarted(1)
    const { runId } = await handleOf(job).describe()
    await handleOf(job).terminate()
    clock.now += 60_000
    await catalog.knex('jobs').update({ started_at: null })
    await dispatcher.sweep()
    await allStarted(1)
    expect((await handleOf(job).describe()).runId).toBe(runId)
  })

  it('starts what others left behind, in any number', async () => {
    const jobs = await accept(150)
    await catalog.jobs.releaseDispatch(jobs)
    await allStarted(150)
    const described = await Promise.all([0, 75, 149].map((index) => describeOf(jobs[index])))
    expect(described.map(({ status }) => status.name)).toEqual(['RUNNING', 'RUNNING', 'RUNNING'])
  })

  it('starts each run of a job as a workflow of its own', async () => {
    const job = await acceptOne()
    dispatcher.start([job])
    await allStarted(1)
    await catalog.jobs.markEnded({ id: job.id, run: 1, state: 'failed', error: null, result: null })
    const retried = await catalog.jobs.startNextRun(job.id)
    if (retried.outcome !== 'restarted') throw new Error(retried.outcome)
    dispatcher.start([retried.job])
    await vi.waitFor(async () => {
      const { workflowId } = await handleOf(retried.job).describe()
      expect(workflowId).toBe(`ingest-${job.id}-r2`)
    }, WAIT)
  })

  it('asks the running workflow to cancel, and once only', async () => {
    const job = await acceptOne()
    dispatcher.start([job])
    const { outcome, job: row } = await catalog.jobs.requestCancel(job.id)
    expect(outcome).toBe('requested')
    if (row) dispatcher.carry(row)
    await vi.waitFor(async () => {
      const { events } = await handleOf(job).fetchHistory()
      expect(events?.filter((event) => event.workflowExecutionCancelRequestedEventAttributes)).toHaveLength(1)
      expect(await catalog.jobs.get(job.id)).toMatchObject({ intentPendingSince: null, cancelRequested: true })
    }, WAIT)
  })

  const signalsOf = async (job: JobRow) => {
    const { events } = await handleOf(job).fetchHistory()
    return (events ?? []).flatMap(({ workflowExecutionSignaledEventAttributes: signal }) =>
      signal?.signalName ? [[signal.signalName, ...(signal.input?.payloads ?? []).map(numberIn)]] : [],
    )
  }
  const numberIn = ({ data }: { data?: Uint8Array | null }): number => Number(Buffer.from(data ?? []).toString())

  it('tells the running workflow of a pause, of going on and of its priority, with their order', async () => {
    const job = await acceptOne()
    dispatcher.start([job])
    await allStarted(1)
    for (const { job: row } of [await catalog.jobs.requestPause(job.id), await catalog.jobs.requestResume(job.id)]) {
      if (row) dispatcher.carry(row)
    }
    const { job: urgent } = await catalog.jobs.requestPriority(job.id, 1)
    if (urgent) dispatcher.carry(urgent)
    await vi.waitFor(async () => {
      const signals = await signalsOf(job)
      expect(signals).toEqual(
        expect.arrayContaining([
          ['pauseSignal', 2],
          ['resumeSignal', 3],
          ['prioritySignal', 1, 4],
        ]),
      )
      expect(await catalog.jobs.get(job.id)).toMatchObject({ intentPendingSince: null, priority: 1 })
    }, WAIT)
  })

  it('leaves a job paused that Temporal never heard of, and starts it when it goes on', async () => {
    const job = await acceptOne()
    const { job: row } = await catalog.jobs.requestPause(job.id)
    if (row) dispatcher.carry(row)
    await vi.waitFor(async () => expect((await catalog.jobs.get(job.id))?.state).toBe('paused'), WAIT)
    await dispatcher.sweep()
    expect(await startedCount()).toBe(0)
    expect(await catalog.jobs.quietSince(clock.now + 60_000, 10)).toEqual([])
    const { outcome, job: resumed } = await catalog.jobs.requestResume(job.id)
    expect([outcome, resumed?.state]).toEqual(['settled', 'accepted'])
    if (resumed) dispatcher.start([resumed])
    await allStarted(1)
  })

  it('ends a cancelled job that Temporal never heard of', async () => {
    const job = await acceptOne()
    const { job: row } = await catalog.jobs.requestCancel(job.id)
    if (row) dispatcher.carry(row)
    await vi.waitFor(async () => expect((await catalog.jobs.get(job.id))?.state).toBe('cancelled'), WAIT)
    expect(changed).toEqual([job.id])
  })

  it('gives back what it did not begin when it is stopped', async () => {
    const jobs = await accept(60)
    dispatcher.start(jobs)
    await dispatcher.stop()
    const started = await startedCount()
    const free = await catalog.jobs.claimForDispatch(100)
    expect(free.length + started).toBe(60)
    expect(free.length).toBeGreaterThan(0)
  })

  describe('while Temporal is away', () => {
    beforeEach(() => temporal.kill())
    afterEach(async () => {
      // A test that failed must not leave the next ones without a server.
      await temporal.kill()
      await temporal.start()
    })

    it('keeps jobs, ends those that are cancelled, and starts the others on its return', async () => {
      await dispatcher.stop()
      // So that it is not the sweep that notices the return.
      dispatcher = create(3_600_000)
      const jobs = await accept(12)
      dispatcher.start(jobs)
      // One that would be on its way by now, and one that waits its turn.
      const unwanted = [jobs[0]?.id ?? '', jobs[11]?.id ?? '']
      for (const id of unwanted) {
        const { job } = await catalog.jobs.requestCancel(id)
        if (job) dispatcher.carry(job)
      }
      await vi.waitFor(async () => {
        const rows = await catalog.jobs.getMany(unwanted)
        expect(rows.map(({ state }) => state)).toEqual(['cancelled', 'cancelled'])
      }, WAIT)
      expect(changed.toSorted()).toEqual(unwanted.toSorted())
      const later = await accept(3)
      dispatcher.start(later)
      expect(await startedCount()).toBe(0)
      await temporal.start()
      await allStarted(13)
    })

    it('starts what was made urgent meanwhile before what waits longer', async () => {
      const jobs = await accept(30)
      dispatcher.start(jobs)
      const last = jobs[29]?.id ?? ''
      const { job } = await catalog.jobs.requestPriority(last, 1)
      if (job) dispatcher.carry(job)
      // Given back with its new place, and perhaps taken again since.
      await vi.waitFor(async () => expect((await catalog.jobs.get(last))?.intentPendingSince).toBeNull(), WAIT)
      await temporal.start()
      await allStarted(30)
      const startedAt = await Promise.all(jobs.map(async (row) => (await describeOf(row)).startTime.getTime()))
      const before = startedAt.filter((time) => time < (startedAt[29] ?? 0))
      // So many are sent off at once.
      expect(before.length).toBeLessThan(8)
    })

    it('keeps the wish to cancel a running job, and passes it on afterwards', async () => {
      await temporal.start()
      const job = await acceptOne()
      dispatcher.start([job])
      await allStarted(1)
      await temporal.kill()
      const { job: row } = await catalog.jobs.requestCancel(job.id)
      if (row) dispatcher.carry(row)
      // Told again with each sweep: a worker that came back meanwhile did not hear it.
      await vi.waitFor(() => expect(hinted.filter((id) => id === job.id).length).toBeGreaterThan(2), WAIT)
      await dispatcher.stop()
      expect(await catalog.jobs.get(job.id)).toMatchObject({ cancelRequested: true, state: 'accepted' })
      expect((await catalog.jobs.get(job.id))?.intentPendingSince).not.toBeNull()
      dispatcher = create()
      await temporal.start()
      await vi.waitFor(async () => {
        expect((await catalog.jobs.get(job.id))?.intentPendingSince).toBeNull()
      }, WAIT)
      const { events } = await handleOf(job).fetchHistory()
      expect(events?.filter((event) => event.workflowExecutionCancelRequestedEventAttributes)).toHaveLength(1)
      expect(isEnded((await catalog.jobs.get(job.id))?.state ?? 'failed')).toBe(false)
    })
  })
})
