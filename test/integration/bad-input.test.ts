import { readdir, readFile, truncate, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { FAILURES, type FailureCode } from '../../contract/failures.ts'
import type { Job } from '../../contract/jobs.ts'
import { workflowIdOf } from '../../contract/names.ts'
import { startTestInstance, type TestInstance } from './instance.ts'
import { makeClip, makeHls } from './make-media.ts'
import { createSources } from './media-sources.ts'
import { file, folder, inTurn, status, text, videoPage } from './origin-answers.ts'
import { startOrigin, type Origin } from './origin.ts'

/** Everything that people and sites get wrong, through the front door. */

let sluice: TestInstance
let temporal: Awaited<ReturnType<TestInstance['temporal']>>
let origin: Origin
const submitted = new Map<string, Job>()
const refused = new Map<string, { code: string; detail: string; status: number }>()

interface Case {
  name: string
  /** A path at the origin, or a whole address. */
  url: string
  body?: object
}
interface Failing extends Case {
  code: FailureCode
  says: RegExp
  tries?: number
}

const EMOJI = '🎬'.repeat(400)

const REFUSED: Failing[] = [
  { name: 'not an address', url: 'dog video', code: 'InvalidRequest', says: /begins with http/ },
  {
    name: 'an unsupported scheme',
    url: 'ftp://example.org/a.mp4',
    code: 'InvalidRequest',
    says: /“ftp:” are not supported/,
  },
]

const FAILING: Failing[] = [
  {
    name: 'an unknown host',
    url: 'http://nothing.invalid/a',
    code: 'SourceNotFound',
    says: /no host named nothing\.invalid/,
  },
  {
    name: 'a refused connection',
    url: 'REFUSED',
    code: 'SourceUnavailable',
    says: /does not accept connections/,
    tries: 4,
  },
  { name: 'a private address', url: 'http://10.0.0.1/a.mp4', code: 'BlockedAddress', says: /10\.0\.0\.1/ },
  { name: '404', url: '/missing.mp4', code: 'SourceNotFound', says: /not|nothing|gone/i },
  { name: '403', url: '/forbidden.mp4', code: 'SourceForbidden', says: /refuse|forbid/i },
  { name: 'a page without media', url: '/text', code: 'UnsupportedMedia', says: /no media were found/i },
  {
    name: 'a video cut off half-way',
    url: '/cut.mp4',
    code: 'SourceUnavailable',
    says: /broke the download off/,
    tries: 4,
  },
  {
    name: 'a body shorter than its length',
    url: '/short.mp4',
    code: 'SourceUnavailable',
    says: /broke the download off/,
    tries: 4,
  },
  { name: 'a text file named .mp4', url: '/text.mp4', code: 'UnsupportedMedia', says: /./ },
  { name: 'words of no known type', url: '/words', code: 'UnsupportedMedia', says: /./ },
  { name: 'zero bytes', url: '/empty.mp4', code: 'UnsupportedMedia', says: /empty/ },
  { name: 'an MP4 without its index', url: '/truncated.mp4', code: 'UnsupportedMedia', says: /./ },
  {
    name: 'a file above the size limit',
    url: '/clip.mp4',
    body: { options: { maxSizeBytes: 1_000 } },
    code: 'LimitExceeded',
    says: /limit/,
  },
  { name: 'a live stream', url: '/live/index.m3u8', code: 'UnsupportedMedia', says: /live stream/ },
  { name: 'a playlist', url: '/two', code: 'UnsupportedMedia', says: /playlist/ },
  {
    name: 'no sound where only that is wanted',
    url: '/silent.mp4',
    body: { preset: 'audio' },
    code: 'UnsupportedMedia',
    says: /sound|audio/,
  },
]

const SUCCEEDING: (Case & { libraryPath?: RegExp; tries?: number })[] = [
  { name: '429, and fine after the wait it asks for', url: '/throttled.mp4', tries: 2 },
  { name: '500 twice, and then fine', url: '/flaky.mp4', tries: 3 },
  { name: 'a file of no known type at an address without an ending', url: '/get', libraryPath: /\.mp4$/ },
  { name: 'sound only', url: '/sound.m4a', libraryPath: /\.m4a$/ },
  { name: 'sound only, as a stream', url: '/sound.m4a', body: { preset: 'stream' } },
  { name: 'picture only', url: '/silent.mp4' },
  { name: 'one pixel', url: '/pixel.mkv' },
  { name: 'an odd height', url: '/odd.webm', body: { preset: 'stream' } },
  { name: 'a title of 400 emoji', url: '/emoji', libraryPath: /^127\.0\.0\.1\/(🎬)+ \[[0-9a-f]{8}\]\.mp4$/u },
  { name: 'a title of ../../x', url: '/dots', libraryPath: /^127\.0\.0\.1\/_\.\._x \[[0-9a-f]{8}\]\.mp4$/ },
  { name: 'a title of -rf', url: '/option', libraryPath: /^127\.0\.0\.1\/rf \[[0-9a-f]{8}\]\.mp4$/ },
]

/** A port that nobody listens on. */
const closedPort = async (): Promise<number> => {
  const server = createServer().listen(0, '127.0.0.1')
  await new Promise((listening) => server.once('listening', listening))
  const address = server.address()
  await new Promise((closed) => server.close(closed))
  return typeof address === 'object' && address ? address.port : 0
}

const furnish = async (media: string): Promise<void> => {
  const { ffmpeg } = sluice.config.tools
  const make = (name: string, clip: Parameters<typeof makeClip>[2] = {}) =>
    makeClip(ffmpeg, join(media, name), { seconds: 1, ...clip })
  const clip = await make('clip.mp4')
  const truncated = await make('truncated.mp4', { options: ['-movflags', '0'] })
  await truncate(truncated, 20_000)
  await writeFile(join(media, 'text.mp4'), 'This is no film.\n'.repeat(100))
  await writeFile(join(media, 'empty.mp4'), '')
  const sources = createSources(ffmpeg, media)
  origin.on('/clip.mp4', file(clip))
  origin.on('/forbidden.mp4', status(403))
  origin.on('/text', text('<!doctype html><title>Words</title><p>Nothing but words.'))
  origin.on('/words', text('Nothing but words.\n'.repeat(100), 'text/plain'))
  origin.on('/get', file(clip, { contentType: 'application/octet-stream' }))
  // With ranges each try would come further than the one before, and the last one might bring the end.
  origin.on('/cut.mp4', file(clip, { cutAfterBytes: 10_000, plain: true }))
  origin.on('/short.mp4', file(clip, { claimedBytes: 9_999_999 }))
  origin.on('/text.mp4', file(join(media, 'text.mp4')))
  origin.on('/empty.mp4', file(join(media, 'empty.mp4')))
  origin.on('/truncated.mp4', file(truncated))
  origin.on('/throttled.mp4', inTurn(status(429, { 'retry-after': '2' }), file(clip)))
  origin.on('/flaky.mp4', inTurn(status(500), status(500), file(clip)))
  origin.on('/sound.m4a', file(await make('sound.m4a', { video: false })))
  origin.on('/silent.mp4', file(await make('silent.mp4', { audio: false })))
  origin.on('/pixel.mkv', file(await sources.onePixel(), { contentType: 'video/x-matroska' }))
  origin.on('/odd.webm', file(await sources.oddSize()))
  const source = origin.urlOf('/clip.mp4')
  origin.on('/emoji', videoPage(EMOJI, source))
  origin.on('/dots', videoPage('../../x', source))
  origin.on('/option', videoPage('-rf', source))
  origin.on('/two', text(`<title>Two</title><video src="${source}"></video><video src="${source}?2"></video>`))
  const live = await makeHls(ffmpeg, join(media, 'live'), { seconds: 4 })
  await folder(origin, '/live', live)
  origin.on('/live/index.m3u8', async (_, response) => {
    const list = await readFile(join(live, 'index.m3u8'), 'utf8')
    response.writeHead(200, { 'content-type': 'application/vnd.apple.mpegurl' })
    response.end(list.replace(/#EXT-X-ENDLIST\n?/, '').replace(/#EXT-X-PLAYLIST-TYPE:VOD\n/, ''))
  })
}

beforeAll(async () => {
  origin = await startOrigin()
  const closed = `127.0.0.1:${await closedPort()}`
  sluice = await startTestInstance({ SLUICE_ALLOW_ADDRESSES: `${origin.address},${closed}` })
  temporal = await sluice.temporal()
  await furnish(join(sluice.config.dataDir, 'origin'))
  const addressOf = (url: string) =>
    url === 'REFUSED' ? `http://${closed}/a.mp4` : url.startsWith('/') ? origin.urlOf(url) : url
  const cases = [...REFUSED, ...FAILING, ...SUCCEEDING]
  const jobs = cases.map(({ url, body }) => ({ url: addressOf(url), ...body }))
  const answer = await sluice.call<{
    items: { job?: Job; error?: { code: string; detail: string; status: number } }[]
  }>('POST', '/jobs', { jobs })
  for (const [index, { job, error }] of answer.body.items.entries()) {
    const name = cases[index]?.name ?? ''
    if (job) submitted.set(name, job)
    if (error) refused.set(name, error)
  }
})
afterAll(async () => {
  await temporal.close()
  await sluice.dispose()
  await origin.close()
})

const endOf = (name: string): Promise<Job> => {
  const job = submitted.get(name)
  if (!job) throw new Error(`"${name}" was not accepted: ${JSON.stringify(refused.get(name))}`)
  return sluice.ended(job.id)
}

/**
 * How often the workflow had the activity carried out that it tried most. The number of a step's attempt may be higher: an
 * activity whose worker was lost is repeated by Temporal, and counts as no try.
 */
const triesOf = async ({ id }: Job): Promise<number> => {
  const { events } = await temporal.client.workflow.getHandle(workflowIdOf('ingest', id, 1)).fetchHistory()
  const tries = new Map<unknown, number>()
  for (const { activityTaskScheduledEventAttributes: task } of events ?? []) {
    if (task) tries.set(task.activityType?.name, (tries.get(task.activityType?.name) ?? 0) + 1)
  }
  return Math.max(...tries.values())
}

describe('refused at once', () => {
  it.each(REFUSED)('$name', ({ name, code, says }) => {
    expect(refused.get(name)).toMatchObject({ code, detail: expect.stringMatching(says) })
  })
})

describe('fails, and says why', () => {
  it.each(FAILING)('$name', async ({ name, code, says, tries = 1 }) => {
    const job = await endOf(name)
    expect(job).toMatchObject({ state: 'failed', result: null, error: { code, help: FAILURES[code].help } })
    expect(job.error?.message).toMatch(says)
    // For people: a sentence, not a tool's output.
    expect(job.error?.message).not.toMatch(/ERROR|Traceback|\[generic\]|yt-dlp\/|\/tmp\//)
    expect(job.error?.step).toBe(job.steps.find((step) => step.state === 'failed')?.name)
    expect(await triesOf(job)).toBe(tries)
  })
})

describe('comes out right all the same', () => {
  it.each(SUCCEEDING)('$name', async ({ name, libraryPath = /./, tries = 1 }) => {
    const job = await endOf(name)
    expect(job.error).toBeNull()
    expect(job.state).toBe('succeeded')
    expect(await triesOf(job)).toBe(tries)
    const media = await sluice.media(job)
    expect(media.libraryPath).toMatch(libraryPath)
  })
})

it('leaves nothing of the failed behind, but for what a retry would take, which goes with the job', async () => {
  const { items } = (await sluice.call<{ items: unknown[] }>('GET', '/media')).body
  expect(items).toHaveLength(SUCCEEDING.length)
  expect(await readdir(join(sluice.config.dataDir, 'scratch'))).toEqual([])
  expect(await readdir(join(sluice.config.libraryDir, '.incoming'))).toEqual([])
  const failed = (await sluice.call<{ items: Job[] }>('GET', '/jobs?state=failed&limit=200')).body.items
  const kept = await readdir(join(sluice.config.dataDir, 'work'))
  expect(failed.map(({ id }) => id)).toEqual(expect.arrayContaining(kept))
  for (const { id } of failed) expect((await sluice.call('DELETE', `/jobs/${id}`)).status).toBe(204)
  const noWork = async (): Promise<void> => expect(await readdir(join(sluice.config.dataDir, 'work'))).toEqual([])
  await vi.waitFor(noWork, { timeout: 30_000 })
})
