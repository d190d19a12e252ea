import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { Problem, problemSchema } from '../../api/http/problem.ts'
import { jobSchema, type Job } from '../../contract/jobs.ts'
import type { Info } from '../../contract/media.ts'
import type { JobProjection } from '../../contract/steps.ts'
import { TemporalAway } from '../../dispatch/temporal-errors.ts'
import { startApi, type RunningApi } from './api-harness.ts'

const UUID_V7 = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/

let running: RunningApi
beforeAll(async () => {
  running = await startApi({ TEMPORAL_UI_URL: 'https://temporal.example/' })
})
afterAll(() => running.stop())

const jobOf = async (response: Response): Promise<Job> => jobSchema.parse(await response.json())
const problemOf = async (response: Response) => {
  expect(response.headers.get('content-type')).toContain('application/problem+json')
  const problem = problemSchema.parse(await response.json())
  expect(problem.status).toBe(response.status)
  expect(problem.requestId).toBe(response.headers.get('x-request-id'))
  return problem
}
let addresses = 0
const freshUrl = () => `https://example.com/${(addresses += 1)}.mp4`
const submit = async (body: object = {}, headers?: Record<string, string>) =>
  jobOf(await running.post('/api/v1/jobs', { url: freshUrl(), ...body }, headers))
const end = (job: Job, state: 'succeeded' | 'failed' | 'cancelled') =>
  running.catalog.jobs.markEnded({ id: job.id, run: job.run, state, error: null, result: null })
const begin = (job: Job) => running.catalog.jobs.markStarted([{ id: job.id, run: job.run }])

describe('POST /jobs, one', () => {
  test('accepts it, says where it is, and has it started afterwards', async () => {
    const url = freshUrl()
    const response = await running.post('/api/v1/jobs', { url, passthrough: 'mine', priority: 1 })
    expect(response.status).toBe(202)
    const job = await jobOf(response)
    expect(job).toMatchObject({
      kind: 'ingest',
      state: 'accepted',
      preset: 'web',
      priority: 1,
      passthrough: 'mine',
      run: 1,
    })
    expect(job.source).toEqual({ url, file: null, title: null, site: 'example.com' })
    expect(job.id).toMatch(UUID_V7)
    expect(response.headers.get('location')).toBe(`/api/v1/jobs/${job.id}`)
    expect(job.links.temporal).toBe(`https://temporal.example/namespaces/default/workflows/ingest-${job.id}`)
    await expect.poll(() => running.dispatch.started.at(-1)?.id).toBe(job.id)
    expect(await jobOf(await running.call(job.links.self))).toEqual(job)
  })

  test('gives the same job for the same address and settings, until forced', async () => {
    const first = await submit({ url: 'https://same.example/v?b=1&a=2#t=1' })
    const startsOf = () => running.dispatch.started.length
    // Handed on after the answer: the first must be counted before the others come.
    await expect.poll(() => running.dispatch.started.some((row) => row.id === first.id)).toBe(true)
    const started = startsOf()
    const again = await running.post('/api/v1/jobs', { url: 'https://SAME.example:443/v?a=2&b=1&utm_source=x' })
    expect(again.status).toBe(200)
    expect(await again.json()).toMatchObject({ id: first.id, deduplicated: true })
    const other = await submit({ url: 'https://same.example/v?a=2&b=1', preset: 'audio' })
    const forced = await submit({ url: 'https://same.example/v?a=2&b=1', force: true })
    expect(new Set([first.id, other.id, forced.id]).size).toBe(3)
    await expect.poll(startsOf).toBe(started + 2)
  })

  test('failed and cancelled jobs never match', async () => {
    const first = await submit({ url: 'https://ended.example/' })
    await end(first, 'failed')
    const second = await submit({ url: 'https://ended.example/' })
    await end(second, 'cancelled')
    expect(new Set([first.id, second.id, (await submit({ url: 'https://ended.example/' })).id]).size).toBe(3)
  })

  test('the same Idempotency-Key gives the same job, and with another body none', async () => {
    const key = { 'idempotency-key': 'key-1' }
    const body = { url: 'https://once.example/', force: true }
    const first = await submit(body, key)
    const again = await running.post('/api/v1/jobs', body, key)
    expect(again.status).toBe(200)
    expect(await again.json()).toMatchObject({ id: first.id, deduplicated: true })
    const turned = await running.post('/api/v1/jobs', { force: true, url: 'https://once.example/' }, key)
    expect(await turned.json()).toMatchObject({ id: first.id, deduplicated: true })
    const mismatch = await running.post('/api/v1/jobs', { url: 'https://other.example/' }, key)
    expect(mismatch.status).toBe(422)
    expect((await problemOf(mismatch)).code).toBe('IdempotencyMismatch')
  })

  test('takes a file of the import folder', async () => {
    await writeFile(join(running.config.importDir, 'clip.mp4'), 'x')
    const job = await submit({ url: undefined, file: './clip.mp4' })
    expect(job.source).toEqual({ url: null, file: 'clip.mp4', title: null, site: null })
  })

  test.each<[string, object, string]>([
    ['nothing', {}, 'exactly one of url and file'],
    ['both', { url: 'https://example.com/', file: 'clip.mp4' }, 'exactly one of url and file'],
    ['no address', { url: 'hello' }, '“hello” is not a web address; one begins with http:// or https://.'],
    ['another scheme', { url: 'ftp://example.com/a' }, '“ftp:” are not supported'],
    [
      'a path that leads out',
      { file: '../../etc/passwd' },
      'There is no file “../../etc/passwd” in the import folder.',
    ],
    ['an unknown preset', { url: 'https://example.com/', preset: 'best' }, 'preset: '],
    ['an unknown field', { url: 'https://example.com/', quality: 'best' }, 'quality'],
    ['a priority out of range', { url: 'https://example.com/', priority: 9 }, 'priority: '],
    [
      'an option of the wrong type',
      { url: 'https://example.com/', options: { maxHeight: '720p' } },
      'options.maxHeight: ',
    ],
    [
      'a height for what has none',
      { url: 'https://example.com/', preset: 'audio', options: { maxHeight: 720 } },
      'options.maxHeight: means nothing here: the preset audio has no picture.',
    ],
    [
      'an audio format where none is chosen',
      { url: 'https://example.com/', options: { audioFormat: 'mp3' } },
      'options.audioFormat: means nothing here: the preset web has no choice of audio formats',
    ],
    ['a NUL', { url: 'https://example.com/', passthrough: 'a\0b' }, 'passthrough: must not hold NUL'],
    ['half a character', { url: 'https://example.com/\ud800' }, 'url: must not hold NUL'],
  ])('refuses %s in words', async (_name, body, words) => {
    const response = await running.post('/api/v1/jobs', body)
    expect(response.status).toBe(400)
    const problem = await problemOf(response)
    expect(problem.code).toBe('InvalidRequest')
    expect(problem.detail).toContain(words)
  })
})

describe('what is no job', () => {
  test.each(['null', '"x"', '1', '[]'])('%s is JSON, and no object', async (body) => {
    const response = await running.post('/api/v1/jobs', body)
    expect([response.status, (await problemOf(response)).detail]).toEqual([400, 'The body must be a JSON object.'])
  })

  test('a height beyond all measure is complained of once', async () => {
    const body = { url: 'https://example.com/', options: { maxHeight: 1e99 } }
    const problem = await problemOf(await running.post('/api/v1/jobs', body))
    expect(problem['errors']).toHaveLength(1)
  })
})

describe('queries of lists', () => {
  test.each([
    ['/jobs?limit=1&limit=2', 'limit: must be one whole number from 1 to 200.'],
    ['/jobs?limit=1e99', 'limit: must be one whole number from 1 to 200.'],
    ['/media?limit=0', 'limit: must be one whole number from 1 to 200.'],
    ['/jobs?q=%00', 'q: must not hold NUL characters or halves of surrogate pairs.'],
    ['/jobs?site=%00', 'site: must not hold NUL characters or halves of surrogate pairs.'],
    ['/media?q=a%00', 'q: must not hold NUL characters or halves of surrogate pairs.'],
  ])('refuses %s in a sentence', async (path, detail) => {
    const response = await running.call(`/api/v1${path}`)
    expect([response.status, (await problemOf(response)).detail]).toEqual([400, detail])
  })
})

describe('POST /jobs, many', () => {
  const itemsOf = async (response: Response) =>
    z
      .object({
        items: z.array(
          z.object({
            index: z.int(),
            job: jobSchema.optional(),
            deduplicated: z.boolean().optional(),
            error: problemSchema.optional(),
          }),
        ),
      })
      .parse(await response.json()).items

  test('answers each by itself', async () => {
    const known = await submit({ url: 'https://known.example/' })
    const response = await running.post('/api/v1/jobs', {
      jobs: [
        { url: freshUrl() },
        { url: 'nonsense' },
        { preset: 'x' },
        { url: 'https://known.example/' },
        { url: freshUrl() },
      ],
    })
    expect(response.status).toBe(202)
    const items = await itemsOf(response)
    expect(items.map(({ index }) => index)).toEqual([0, 1, 2, 3, 4])
    expect(items.map(({ error }) => error?.code)).toEqual([
      undefined,
      'InvalidRequest',
      'InvalidRequest',
      undefined,
      undefined,
    ])
    expect(items[3]).toMatchObject({ deduplicated: true, job: { id: known.id } })
    const startedIds = () => running.dispatch.started.map(({ id }) => id)
    await expect.poll(startedIds).toEqual(expect.arrayContaining([items[0]?.job?.id, items[4]?.job?.id]))
  })

  test('takes a thousand and no more', async () => {
    const jobs = Array.from({ length: 1_001 }, () => ({ url: freshUrl() }))
    expect((await running.post('/api/v1/jobs', { jobs })).status).toBe(400)
    const items = await itemsOf(await running.post('/api/v1/jobs', { jobs: jobs.slice(1) }))
    expect(new Set(items.map(({ job }) => job?.id)).size).toBe(1_000)
    expect((await running.post('/api/v1/jobs', { jobs: [] })).status).toBe(400)
  })

  test('an Idempotency-Key holds for all of them', async () => {
    const body = { jobs: [{ url: freshUrl() }, { url: 'nonsense' }, { url: freshUrl() }] }
    const headers = { 'idempotency-key': 'many' }
    const first = await itemsOf(await running.post('/api/v1/jobs', body, headers))
    const again = await itemsOf(await running.post('/api/v1/jobs', body, headers))
    expect(again.map(({ job }) => job?.id)).toEqual(first.map(({ job }) => job?.id))
    expect(again.map(({ deduplicated }) => deduplicated)).toEqual([true, undefined, true])
  })
})

describe('GET /jobs', () => {
  const list = async (query: string) => {
    const response = await running.call(`/api/v1/jobs?${query}`)
    expect(response.status).toBe(200)
    return z.object({ items: z.array(jobSchema), nextCursor: z.string().nullable() }).parse(await response.json())
  }

  test('pages through all, newest first, each once', async () => {
    const made: string[] = []
    for (let count = 0; count < 5; count += 1)
      made.unshift((await submit({ url: `https://pages.example/${count}` })).id)
    const seen: string[] = []
    let cursor = ''
    do {
      const page = await list(`site=pages.example&limit=2${cursor}`)
      expect(page.items.length).toBeLessThanOrEqual(2)
      seen.push(...page.items.map(({ id }) => id))
      cursor = page.nextCursor === null ? '' : `&cursor=${encodeURIComponent(page.nextCursor)}`
    } while (cursor !== '')
    expect(seen).toEqual(made)
    expect((await list('site=pages.example&sort=createdAt')).items.map(({ id }) => id)).toEqual(made.toReversed())
  })

  test('filters by state and words', async () => {
    const failed = await submit({ url: 'https://filters.example/needle' })
    await end(failed, 'failed')
    const live = await submit({ url: 'https://filters.example/other' })
    const ids = async (query: string) => (await list(`site=filters.example&${query}`)).items.map(({ id }) => id)
    expect(await ids('state=failed')).toEqual([failed.id])
    expect(await ids('state=accepted,running')).toEqual([live.id])
    expect(await ids('state=accepted&state=failed')).toEqual([live.id, failed.id])
    expect(await ids('q=NEEDLE')).toEqual([failed.id])
  })

  test.each(['limit=0', 'limit=201', 'limit=x', 'state=done', 'sort=size', 'cursor=nonsense', 'colour=red'])(
    'refuses %s',
    async (query) => {
      const response = await running.call(`/api/v1/jobs?${query}`)
      expect(response.status).toBe(400)
      expect((await problemOf(response)).code).toBe('InvalidRequest')
    },
  )
})

describe('one job', () => {
  test('that is not there is 404, whatever is asked of it', async () => {
    for (const [method, path] of [
      ['GET', '/api/v1/jobs/none'],
      ['DELETE', '/api/v1/jobs/none'],
      ['POST', '/api/v1/jobs/none/cancel'],
      ['POST', '/api/v1/jobs/0193a000-0000-7000-8000-000000000001/retry'],
    ] as const) {
      const response = await running.call(path, {
        method,
        headers: { authorization: `Bearer ${running.api.ownerToken}` },
      })
      expect(response.status).toBe(404)
      expect((await problemOf(response)).code).toBe('JobNotFound')
    }
  })

  test('of somebody else is not there either, except for an admin', async () => {
    const editor = await running.api.tokens.issue({
      principal: { subject: 'ada', role: 'editor' },
      lifetimeSeconds: 60,
    })
    const asAda = { headers: { authorization: `Bearer ${editor}` } }
    const job = await submit()
    expect((await running.call(job.links.self, asAda)).status).toBe(404)
    const listed = (await (await running.call('/api/v1/jobs', asAda)).json()) as { items: unknown[] }
    expect(listed.items).toEqual([])
    const own = await jobOf(
      await running.post('/api/v1/jobs', { url: freshUrl() }, { authorization: `Bearer ${editor}` }),
    )
    expect(own.owner).toBe('ada')
    expect((await running.call(own.links.self)).status).toBe(200)
  })

  test('cancel: at once before it has begun, else by telling the workflow', async () => {
    const early = await submit()
    const running1 = await submit()
    await begin(running1)
    const told = await running.post(`/api/v1/jobs/${running1.id}/cancel`)
    expect(told.status).toBe(202)
    expect(await jobOf(told)).toMatchObject({ cancelRequested: true })
    expect(running.dispatch.carried.map(({ id }) => id)).toContain(running1.id)
    expect((await running.post(`/api/v1/jobs/${early.id}/cancel`)).status).toBe(202)
    await end(running1, 'cancelled')
    const late = await running.post(`/api/v1/jobs/${running1.id}/cancel`)
    expect(late.status).toBe(409)
    expect(await problemOf(late)).toMatchObject({ code: 'StateConflict', state: 'cancelled' })
  })

  test('pause and resume: in the row before it has begun, else by telling the workflow', async () => {
    const job = await submit()
    await begin(job)
    const paused = await running.post(`/api/v1/jobs/${job.id}/pause`)
    expect(paused.status).toBe(202)
    expect(await jobOf(paused)).toMatchObject({ state: 'accepted', pauseRequested: true })
    expect((await running.post(`/api/v1/jobs/${job.id}/pause`)).status).toBe(202)
    expect(await jobOf(await running.post(`/api/v1/jobs/${job.id}/resume`))).toMatchObject({ pauseRequested: false })
    const told = running.dispatch.carried.filter(({ id }) => id === job.id)
    expect(told.map(({ pauseRequested }) => pauseRequested)).toEqual([true, false])

    const early = await submit()
    const row = await running.catalog.jobs.get(early.id)
    if (row) await running.catalog.jobs.releaseDispatch([row])
    expect(await jobOf(await running.post(`/api/v1/jobs/${early.id}/pause`))).toMatchObject({ state: 'paused' })
    expect(await jobOf(await running.post(`/api/v1/jobs/${early.id}/resume`))).toMatchObject({ state: 'accepted' })
    expect(running.dispatch.started.filter(({ id }) => id === early.id).at(-1)).toMatchObject({ pauseRequested: false })

    await running.post(`/api/v1/jobs/${job.id}/cancel`)
    const late = await running.post(`/api/v1/jobs/${job.id}/pause`)
    expect([late.status, (await problemOf(late)).state]).toEqual([409, 'accepted'])
  })

  test('priority: changed while it has not ended, and checked', async () => {
    const job = await submit()
    await begin(job)
    const headers = { authorization: `Bearer ${running.api.ownerToken}`, 'content-type': 'application/json' }
    const change = (body: object) =>
      running.call(job.links.self, { method: 'PATCH', headers, body: JSON.stringify(body) })
    const changed = await change({ priority: 1 })
    expect([changed.status, (await jobOf(changed)).priority]).toEqual([200, 1])
    expect(running.dispatch.carried.at(-1)).toMatchObject({ id: job.id, priority: 1 })
    for (const wrong of [{ priority: 0 }, { priority: 6 }, { priority: 1.5 }, {}, { priority: 2, state: 'failed' }]) {
      expect((await change(wrong)).status).toBe(400)
    }
    await end(job, 'failed')
    expect((await change({ priority: 2 })).status).toBe(409)
  })

  test('retry: the next run of the same job, from an end that is no success', async () => {
    const job = await submit()
    const tooEarly = await running.post(`/api/v1/jobs/${job.id}/retry`)
    expect(tooEarly.status).toBe(409)
    expect((await problemOf(tooEarly)).state).toBe('accepted')
    await end(job, 'failed')
    const retried = await running.post(`/api/v1/jobs/${job.id}/retry`)
    expect(retried.status).toBe(202)
    expect(await jobOf(retried)).toMatchObject({ id: job.id, run: 2, state: 'accepted', error: null })
    // The start of the first run is handed on after its answer, and may come later than this one.
    expect(running.dispatch.started).toContainEqual(expect.objectContaining({ id: job.id, run: 2 }))
  })

  test('delete: only after its end', async () => {
    const job = await submit()
    const remove = () =>
      running.call(job.links.self, { method: 'DELETE', headers: { authorization: `Bearer ${running.api.ownerToken}` } })
    const early = await remove()
    expect(early.status).toBe(409)
    expect((await problemOf(early)).state).toBe('accepted')
    await end(job, 'failed')
    expect((await remove()).status).toBe(204)
    expect((await running.call(job.links.self)).status).toBe(404)
  })

  test('live=true asks the workflow, and says so where nobody answers', async () => {
    const job = await submit()
    expect((await running.call(`${job.links.self}?live=true`)).status).toBe(200)
    await begin(job)
    const projection: JobProjection = {
      jobId: job.id,
      run: 1,
      workflowRunId: 'a',
      version: 9,
      state: 'running',
      waitingFor: null,
      pauseRequested: false,
      priority: 3,
      title: 'From the workflow',
      site: null,
      steps: [
        {
          name: 'resolve',
          state: 'running',
          percent: 12.34,
          attempt: 2,
          startedAt: 0,
          endedAt: null,
          error: null,
          weight: 1,
        },
      ],
      error: null,
      result: null,
    }
    const asked: string[] = []
    running.temporal.queryStatus = async (workflowId) => {
      asked.push(workflowId)
      return projection
    }
    const live = await jobOf(await running.call(`${job.links.self}?live=true`))
    expect(asked).toEqual([`ingest-${job.id}`])
    expect(live.source.title).toBe('From the workflow')
    expect(live.steps).toMatchObject([
      { name: 'resolve', percent: 12.3, attempt: 2, startedAt: '1970-01-01T00:00:00.000Z' },
    ])
    running.temporal.queryStatus = () => Promise.reject(new Problem('TimedOut'))
    expect((await running.call(`${job.links.self}?live=true`)).status).toBe(504)
  })
})

describe('POST /info', () => {
  const info: Info = {
    url: 'https://info.example/a',
    title: 'A title',
    extractor: 'generic',
    id: 'a',
    uploader: null,
    durationMs: 1_000,
    live: false,
    site: 'info.example',
    thumbnailUrl: null,
    formats: [],
    cached: false,
  }

  test('asks once and remembers', async () => {
    running.dispatch.answerInfo = async () => info
    const first = await running.post('/api/v1/info', { url: 'https://info.example/a' })
    expect(await first.json()).toEqual(info)
    const again = await running.post('/api/v1/info', { url: 'https://INFO.example/a#x' })
    expect(await again.json()).toEqual({ ...info, cached: true })
    expect(running.dispatch.asked).toEqual(['https://info.example/a'])
  })

  test('says that Temporal is away, and blames no source', async () => {
    running.dispatch.answerInfo = () => Promise.reject(new TemporalAway('Temporal does not answer'))
    const answer = await running.post('/api/v1/info', { url: 'https://info.example/away' })
    expect(answer.status).toBe(503)
    expect((await problemOf(answer)).code).toBe('NotReady')
  })

  test('gives the failure its status, and is not asked without limit', async () => {
    running.dispatch.answerInfo = () => Promise.reject(new Problem('SourceNotFound'))
    expect((await running.post('/api/v1/info', { url: 'nonsense' })).status).toBe(400)
    const statuses: number[] = []
    for (let count = 0; count < 25; count += 1) {
      statuses.push((await running.post('/api/v1/info', { url: `https://info.example/none/${count}` })).status)
    }
    expect(statuses[0]).toBe(404)
    expect(statuses.at(-1)).toBe(429)
  })
})
