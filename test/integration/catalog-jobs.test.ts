import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { AcceptOutcome } from '../../catalog/jobs.ts'
import type { JobRow } from '../../catalog/job-row.ts'
import { toFailure } from '../../contract/failures.ts'
import type { JobState } from '../../contract/names.ts'
import type { JobProjection } from '../../contract/steps.ts'
import {
  acceptedJob,
  DATABASES,
  emptyTables,
  mediaOf,
  openTestCatalog,
  type TestCatalog,
  type TestDatabase,
} from './catalog-databases.ts'

const itemsOf = (outcome: AcceptOutcome): { job: JobRow; deduplicated: boolean }[] => {
  if (outcome.outcome !== 'accepted') throw new Error(`expected jobs to be accepted: ${outcome.outcome}`)
  return outcome.items
}

describe.each(DATABASES)('jobs on $name', ({ start }) => {
  let database: TestDatabase
  let catalog: TestCatalog
  const clock = { now: 1_000_000 }

  beforeAll(async () => {
    database = await start()
    catalog = await openTestCatalog(await database.create(), clock)
  })
  afterAll(async () => {
    await catalog.knex.destroy()
    await database.stop()
  })
  beforeEach(async () => {
    clock.now = 1_000_000
    await emptyTables(catalog)
  })

  const accept = async (change: Parameters<typeof acceptedJob>[0] = {}) => {
    const [item] = itemsOf(await catalog.jobs.acceptOrMatch([acceptedJob(change)]))
    if (!item) throw new Error('nothing was accepted')
    return item
  }
  const project = (job: JobRow, change: Partial<JobProjection> = {}): Promise<number | null> =>
    catalog.jobs.applyProjection({
      jobId: job.id,
      run: job.run,
      workflowRunId: 'first',
      version: 1,
      state: 'running',
      waitingFor: null,
      pauseRequested: false,
      priority: 3,
      title: null,
      site: null,
      steps: job.steps,
      error: null,
      result: null,
      ...change,
    })
  const read = async (id: string): Promise<JobRow> => {
    const job = await catalog.jobs.get(id)
    if (!job) throw new Error(`there is no job ${id}`)
    return job
  }

  it('gives back what was accepted, to the last emoji', async () => {
    const given = acceptedJob({
      source: { url: 'https://example.org/?q=🎬', file: null, title: '🎬'.repeat(400), site: 'example.org' },
      options: { maxHeight: 720, keepSource: true },
      force: true,
      passthrough: 'ünïcode "quoted" \\ %_',
      priority: 1,
    })
    const [item] = itemsOf(await catalog.jobs.acceptOrMatch([given]))
    const job = await read(given.id)
    expect(job).toEqual(item?.job)
    expect(job).toMatchObject({
      ...given,
      state: 'accepted',
      cancelRequested: false,
      percent: 0,
      revision: 1,
      run: 1,
      dispatchedAt: clock.now,
      startedAt: null,
    })
    expect(job.steps.map((step) => step.state)).toEqual(Array(8).fill('pending'))
    expect(await catalog.jobs.getMany([given.id, 'unknown'])).toEqual([job])
  })

  it('keeps what stands behind a NUL', async () => {
    const { job } = await accept({ source: { url: null, file: 'clip.mp4', title: 'be\0fore', site: null } })
    expect((await read(job.id)).source.title?.replace('\0', '')).toBe('before')
  })

  describe('submitted twice', () => {
    it('answers with the job that is live', async () => {
      const first = await accept({ dedupeKey: 'same' })
      const second = await accept({ dedupeKey: 'same' })
      expect(second).toMatchObject({ deduplicated: true, job: { id: first.job.id } })
      expect((await accept({ dedupeKey: 'other' })).deduplicated).toBe(false)
      expect((await accept({ dedupeKey: 'same', owner: 'somebody else' })).deduplicated).toBe(false)
      expect((await accept()).deduplicated).toBe(false)
      expect((await accept()).deduplicated).toBe(false)
    })

    it('finds the same within one batch', async () => {
      const batch = Array.from({ length: 120 }, (_, index) => acceptedJob({ dedupeKey: `key ${index % 60}` }))
      const items = itemsOf(await catalog.jobs.acceptOrMatch(batch))
      expect(items.filter((item) => item.deduplicated)).toHaveLength(60)
      expect(items.slice(60).map(({ job }) => job.id)).toEqual(batch.slice(0, 60).map(({ id }) => id))
    })

    it.each(['failed', 'cancelled'] as const)('begins a new job after one that %s', async (state) => {
      const first = await accept({ dedupeKey: 'same' })
      await project(first.job, { state, error: state === 'failed' ? toFailure('SourceNotFound', null, null) : null })
      expect((await accept({ dedupeKey: 'same' })).deduplicated).toBe(false)
    })

    it('answers with a job that succeeded for as long as its media are there', async () => {
      const first = await accept({ dedupeKey: 'same' })
      const media = mediaOf({ jobId: first.job.id })
      await catalog.media.insert(media)
      await project(first.job, { state: 'succeeded', result: { mediaIds: [media.id], reused: false } })
      expect((await accept({ dedupeKey: 'same' })).job.id).toBe(first.job.id)
      await catalog.media.remove(media.id)
      const next = await accept({ dedupeKey: 'same' })
      expect(next.deduplicated).toBe(false)
      expect((await accept({ dedupeKey: 'same' })).job.id).toBe(next.job.id)
    })

    it('begins a new job when forced, which answers from then on', async () => {
      await accept({ dedupeKey: 'same' })
      const forced = await accept({ dedupeKey: 'same', force: true })
      expect(forced.deduplicated).toBe(false)
      expect((await accept({ dedupeKey: 'same' })).job.id).toBe(forced.job.id)
    })

    it('answers with a retried job, unless another took its place', async () => {
      const first = await accept({ dedupeKey: 'same' })
      await project(first.job, { state: 'failed' })
      await catalog.jobs.startNextRun(first.job.id)
      expect((await accept({ dedupeKey: 'same' })).job.id).toBe(first.job.id)
      await project({ ...first.job, run: 2 }, { state: 'failed' })
      const second = await accept({ dedupeKey: 'same' })
      await catalog.jobs.startNextRun(first.job.id)
      expect((await accept({ dedupeKey: 'same' })).job.id).toBe(second.job.id)
    })

    it('answers with a job whose workflow was reset, which hears no more of the execution before', async () => {
      const { job } = await accept({ dedupeKey: 'same' })
      await project(job, { version: 7, state: 'failed' })
      expect(await catalog.jobs.markReset({ id: job.id, run: 1, workflowRunId: 'second' })).toBe(3)
      expect(await catalog.jobs.markReset({ id: job.id, run: 1, workflowRunId: 'second' })).toBeNull()
      expect(await accept({ dedupeKey: 'same' })).toMatchObject({ deduplicated: true, job: { id: job.id } })
      expect(await project(job, { version: 8 })).toBeNull()
      expect(await project(job, { version: 2, workflowRunId: 'second' })).toBe(4)
      expect(await read(job.id)).toMatchObject({ state: 'running', workflowRunIds: ['first', 'second'] })
    })

    it('answers with a retried job once what took its place has failed too', async () => {
      const first = await accept({ dedupeKey: 'same' })
      await project(first.job, { state: 'failed' })
      const second = await accept({ dedupeKey: 'same' })
      await project(second.job, { state: 'failed' })
      await catalog.jobs.startNextRun(first.job.id)
      expect((await accept({ dedupeKey: 'same' })).job.id).toBe(first.job.id)
    })
  })

  describe('an idempotency key', () => {
    const claim = { owner: 'owner', key: 'key', bodyHash: 'body' }

    it('gives the same jobs for the same body, for a day', async () => {
      const jobs = [acceptedJob(), acceptedJob()]
      await catalog.jobs.acceptOrMatch(jobs, claim)
      const again = await catalog.jobs.acceptOrMatch([acceptedJob(), acceptedJob()], claim)
      expect(again).toMatchObject({ outcome: 'replayed', jobs: jobs.map(({ id }) => ({ id })) })
      clock.now += 24 * 60 * 60 * 1_000
      expect(await catalog.jobs.acceptOrMatch([acceptedJob()], claim)).toMatchObject({ outcome: 'accepted' })
    })

    it('refuses another body, but not another owner', async () => {
      await catalog.jobs.acceptOrMatch([acceptedJob()], claim)
      expect(await catalog.jobs.acceptOrMatch([acceptedJob()], { ...claim, bodyHash: 'other' })).toEqual({
        outcome: 'mismatch',
      })
      const other = await catalog.jobs.acceptOrMatch([acceptedJob()], { ...claim, owner: 'other', bodyHash: 'other' })
      expect(other.outcome).toBe('accepted')
    })

    it('says that a job was deleted since', async () => {
      const job = acceptedJob()
      await catalog.jobs.acceptOrMatch([job], claim)
      await catalog.jobs.markEnded({ id: job.id, run: 1, state: 'cancelled', error: null, result: null })
      await catalog.jobs.remove(job.id)
      expect(await catalog.jobs.acceptOrMatch([acceptedJob()], claim)).toEqual({ outcome: 'replayed', jobs: [null] })
    })
  })

  describe('a projection', () => {
    it('changes the row, and its revision, once', async () => {
      const { job } = await accept()
      const steps = job.steps.map((step) => ({ ...step, weight: 1 }))
      steps[0] = { ...steps[0], state: 'succeeded' } as (typeof steps)[number]
      expect(await project(job, { version: 2, title: 'Title', steps })).toBe(2)
      expect(await project(job, { version: 2, title: 'Again' })).toBeNull()
      expect(await project(job, { version: 1, title: 'Older' })).toBeNull()
      expect(await read(job.id)).toMatchObject({
        revision: 2,
        state: 'running',
        percent: 12.5,
        source: { title: 'Title' },
      })
    })

    it('comes too late for another run, or for a row that has ended', async () => {
      const { job } = await accept()
      expect(await project(job, { state: 'failed', error: toFailure('ToolCrashed', null, 'probe') })).toBe(2)
      expect(await project(job, { version: 2 })).toBeNull()
      expect(await read(job.id)).toMatchObject({ state: 'failed', error: { code: 'ToolCrashed' }, endedAt: clock.now })
      expect(await catalog.jobs.startNextRun(job.id)).toMatchObject({
        outcome: 'restarted',
        job: { run: 2, error: null },
      })
      expect(await project(job, { version: 3 })).toBeNull()
      expect(await project({ ...job, run: 2 }, { version: 1 })).toBe(4)
    })
  })

  describe('a cancellation', () => {
    it('ends at once a job that nobody began', async () => {
      const { job } = await accept()
      await catalog.jobs.releaseDispatch([job])
      expect(await catalog.jobs.requestCancel(job.id)).toMatchObject({
        outcome: 'settled',
        job: { state: 'cancelled', revision: 2 },
      })
      expect(await catalog.jobs.requestCancel(job.id)).toMatchObject({ outcome: 'refused' })
      expect(await catalog.jobs.claimForDispatch(10)).toEqual([])
    })

    it('waits in the row until the workflow was told', async () => {
      const { job } = await accept()
      await catalog.jobs.markStarted([job])
      await project(job)
      const asked = await catalog.jobs.requestCancel(job.id)
      expect(asked).toMatchObject({ outcome: 'requested', job: { state: 'running', cancelRequested: true } })
      expect(await catalog.jobs.requestCancel(job.id)).toMatchObject({ outcome: 'unchanged', job: { revision: 3 } })
      expect((await catalog.jobs.intentsToPassOn(10)).map(({ id }) => id)).toEqual([job.id])
      await catalog.jobs.markPassedOn(await read(job.id))
      expect(await catalog.jobs.intentsToPassOn(10)).toEqual([])
    })

    it('is not forgotten where another wish came while it was told', async () => {
      const { job } = await accept()
      await catalog.jobs.markStarted([job])
      const { job: told } = await catalog.jobs.requestPause(job.id)
      expect(await catalog.jobs.requestPause(job.id)).toMatchObject({ outcome: 'unchanged' })
      expect(await catalog.jobs.requestResume(job.id)).toMatchObject({ outcome: 'requested' })
      if (told) await catalog.jobs.markPassedOn(told)
      const [waiting] = await catalog.jobs.intentsToPassOn(10)
      expect(waiting).toMatchObject({ id: job.id, pauseRequested: false })
      if (waiting) await catalog.jobs.markPassedOn(waiting)
      expect(await catalog.jobs.intentsToPassOn(10)).toEqual([])
    })

    it('to pause keeps a job from being started, and to go on has it started by whoever wished so', async () => {
      const { job } = await accept()
      expect(await catalog.jobs.requestPause(job.id)).toMatchObject({
        outcome: 'requested',
        job: { state: 'accepted' },
      })
      expect(await catalog.jobs.releaseDispatch([job])).toMatchObject([{ id: job.id, state: 'paused' }])
      expect(await catalog.jobs.claimForDispatch(10)).toEqual([])
      expect(await catalog.jobs.quietSince(clock.now + 1, 10)).toEqual([])
      expect(await catalog.jobs.requestPriority(job.id, 1)).toMatchObject({ outcome: 'settled', job: { priority: 1 } })
      expect(await catalog.jobs.requestResume(job.id)).toMatchObject({ outcome: 'settled', job: { state: 'accepted' } })
      expect(await catalog.jobs.claimForDispatch(10)).toEqual([])
      clock.now += 60_000
      expect(await catalog.jobs.claimForDispatch(10)).toMatchObject([{ id: job.id, priority: 1 }])
    })

    it('is what the workflow says of pausing and priority, until it has something to hear', async () => {
      const { job } = await accept()
      await catalog.jobs.markStarted([job])
      await project(job, { state: 'paused', pauseRequested: true, priority: 2 })
      expect(await read(job.id)).toMatchObject({ state: 'paused', pauseRequested: true, priority: 2 })
      await catalog.jobs.requestResume(job.id)
      await project(job, { version: 2, state: 'paused', pauseRequested: true, priority: 2 })
      expect(await read(job.id)).toMatchObject({ state: 'paused', pauseRequested: false })
      expect(await catalog.jobs.requestCancel(job.id)).toMatchObject({ outcome: 'requested' })
      expect(await catalog.jobs.requestPause(job.id)).toMatchObject({ outcome: 'refused' })
    })

    it('stands until the workflow has heard of it, so that it can be taken back meanwhile', async () => {
      const { job } = await accept()
      await catalog.jobs.markStarted([job])
      const { job: asked } = await catalog.jobs.requestPause(job.id)
      const order = asked?.revision ?? 0
      if (asked) await catalog.jobs.markPassedOn(asked)
      // It was on its way while the signal came, and its worker has died since.
      await project(job, { pauseRequested: false, heard: { pause: 0, priority: 0 } })
      expect(await read(job.id)).toMatchObject({ state: 'running', pauseRequested: true })
      expect(await catalog.jobs.requestResume(job.id)).toMatchObject({ outcome: 'requested' })
      const heard = { pause: order, priority: order }
      await project(job, { version: 2, state: 'paused', pauseRequested: true, heard })
      expect(await read(job.id)).toMatchObject({ state: 'paused', pauseRequested: false })
      await project(job, { version: 3, pauseRequested: false, heard: { pause: order + 2, priority: order + 2 } })
      expect(await read(job.id)).toMatchObject({ state: 'running', pauseRequested: false })
    })

    it('is not signalled while the start is under way, and ends the job if that start never was', async () => {
      const { job } = await accept()
      expect(await catalog.jobs.requestCancel(job.id)).toMatchObject({ outcome: 'requested' })
      expect(await catalog.jobs.intentsToPassOn(10)).toEqual([])
      expect(await catalog.jobs.releaseDispatch([job])).toMatchObject([{ id: job.id, state: 'cancelled', revision: 3 }])
    })

    it('knows no job of another name', async () => {
      expect(await catalog.jobs.requestCancel('unknown')).toEqual({ outcome: 'missing', job: null })
    })
  })

  describe('claims', () => {
    it('takes urgent jobs first, each once, until its dispatcher went silent', async () => {
      const jobs = [acceptedJob({ priority: 5 }), acceptedJob(), acceptedJob({ priority: 1 }), acceptedJob()]
      await catalog.jobs.acceptOrMatch(jobs)
      await catalog.jobs.releaseDispatch(jobs.map(({ id }) => ({ id, run: 1 })))
      const [low, first, urgent, second] = jobs.map(({ id }) => id)
      expect((await catalog.jobs.claimForDispatch(3)).map(({ id }) => id)).toEqual([urgent, first, second])
      expect((await catalog.jobs.claimForDispatch(3)).map(({ id }) => id)).toEqual([low])
      expect(await catalog.jobs.claimForDispatch(3)).toEqual([])
      await catalog.jobs.markStarted([{ id: first ?? '', run: 1 }])
      clock.now += 30_001
      expect((await catalog.jobs.claimForDispatch(9)).map(({ id }) => id)).toEqual([urgent, second, low])
    })

    it('takes what its dispatcher had before the clock was set back, and lost', async () => {
      const { job } = await accept()
      await catalog.jobs.releaseDispatch([job])
      expect(await catalog.jobs.claimForDispatch(1)).toMatchObject([{ id: job.id }])
      clock.now -= 3_600_000
      expect(await catalog.jobs.claimForDispatch(1)).toMatchObject([{ id: job.id }])
      expect(await catalog.jobs.claimForDispatch(1)).toEqual([])
    })

    it('begins again what Temporal does not know', async () => {
      const { job } = await accept()
      await catalog.jobs.markStarted([job])
      await project(job, { version: 7 })
      expect(await catalog.jobs.markLost({ id: job.id, run: 2 })).toBeNull()
      expect(await catalog.jobs.markLost(job)).toMatchObject({ state: 'accepted', projectionVersion: 0, revision: 3 })
      expect((await catalog.jobs.claimForDispatch(1)).map(({ id, run }) => [id, run])).toEqual([[job.id, 1]])
      expect(await project(job, { version: 1 })).toBe(4)
    })
  })

  it('finds the quiet among the live', async () => {
    const [running, unstarted, ended] = [await accept(), await accept(), await accept()]
    await catalog.jobs.markStarted([running.job, ended.job])
    await project(running.job)
    await project(ended.job, { state: 'cancelled' })
    const quiet = async () => (await catalog.jobs.quietSince(clock.now - 60_000, 10)).map(({ id }) => id)
    expect(await quiet()).toEqual([])
    clock.now += 60_001
    expect(await quiet()).toEqual([running.job.id])
    await catalog.jobs.markChecked([running.job.id])
    expect(await quiet()).toEqual([])
    clock.now += 60_001
    expect(await quiet()).toEqual([running.job.id])
    await catalog.jobs.markChecked([running.job.id])
    // The clock was set back: nobody knows how long that row has been quiet.
    clock.now -= 3_600_000
    expect(await quiet()).toEqual([running.job.id])
    expect(await read(unstarted.job.id)).toMatchObject({ state: 'accepted' })
  })

  it('deletes a job only when it has ended', async () => {
    const { job } = await accept()
    expect(await catalog.jobs.remove(job.id)).toMatchObject({ outcome: 'refused', job: { state: 'accepted' } })
    await project(job, { state: 'cancelled' })
    expect(await catalog.jobs.removalsLeft()).not.toContain(job.id)
    expect(await catalog.jobs.remove(job.id)).toEqual({ outcome: 'removed' })
    expect(await catalog.jobs.removalsLeft()).toContain(job.id)
    await catalog.jobs.markRemoved(job.id)
    expect(await catalog.jobs.removalsLeft()).not.toContain(job.id)
    expect(await catalog.jobs.remove(job.id)).toEqual({ outcome: 'missing' })
  })

  describe('lists', () => {
    const states: JobState[] = ['accepted', 'running', 'failed']
    beforeEach(async () => {
      // Several of the same age, so that pages break between them.
      const jobs = Array.from({ length: 23 }, (_, index) =>
        acceptedJob({
          createdAt: 1_000 + Math.floor(index / 5),
          owner: index % 2 === 0 ? 'even' : 'odd',
          source: {
            url: `https://example.org/${index}`,
            file: null,
            title: `Ünder 100%_${index}`,
            site: 'example.org',
          },
        }),
      )
      for (const [index, { job }] of itemsOf(await catalog.jobs.acceptOrMatch(jobs)).entries()) {
        const state = states[index % 3] ?? 'accepted'
        if (state !== 'accepted') await project(job, { state })
      }
    })

    it.each([1, 2, 5, 22, 23, 200])('gives every job once in pages of %i', async (limit) => {
      for (const sort of ['-createdAt', 'createdAt'] as const) {
        const seen: JobRow[] = []
        let cursor: string | undefined
        do {
          const page = await catalog.jobs.list({ owner: null, sort, limit, cursor })
          expect(page.items.length).toBeLessThanOrEqual(limit)
          seen.push(...page.items)
          cursor = page.nextCursor ?? undefined
        } while (cursor !== undefined)
        const sign = sort === 'createdAt' ? 1 : -1
        const sorted = seen.toSorted((a, b) => sign * (a.createdAt - b.createdAt || (a.id < b.id ? -1 : 1)))
        expect(seen).toHaveLength(23)
        expect(seen).toEqual(sorted)
      }
    })

    it('keeps to owner, states and words', async () => {
      const count = async (request: Partial<Parameters<typeof catalog.jobs.list>[0]>) =>
        (await catalog.jobs.list({ owner: null, limit: 200, ...request })).items.length
      expect(await count({ owner: 'odd' })).toBe(11)
      expect(await count({ states: ['running', 'failed'] })).toBe(15)
      expect(await count({ states: [] })).toBe(0)
      expect(await count({ q: 'ünDER 100%_7' })).toBe(1)
      expect(await count({ q: '100_' })).toBe(0)
      expect(await count({ q: 'org example' })).toBe(23)
      expect(await count({ site: 'example.com' })).toBe(0)
      expect(await count({ kind: 'info' })).toBe(0)
      expect(await count({ parent: 'somebody' })).toBe(0)
    })

    it('counts by state', async () => {
      const none = { paused: 0, waiting: 0, succeeded: 0, partial: 0, cancelled: 0 }
      expect(await catalog.jobs.countsByState({ owner: null })).toEqual({ ...none, accepted: 8, running: 8, failed: 7 })
      expect(await catalog.jobs.countsByState({ owner: 'nobody' })).toEqual({
        ...none,
        accepted: 0,
        running: 0,
        failed: 0,
      })
    })

    it('refuses a cursor of another list', async () => {
      const { nextCursor } = await catalog.jobs.list({ owner: null, limit: 1 })
      const request = { owner: null, limit: 1, cursor: nextCursor ?? '', sort: 'createdAt' } as const
      await expect(catalog.jobs.list(request)).rejects.toMatchObject({ code: 'InvalidRequest' })
    })
  })
})
