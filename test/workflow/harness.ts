import { readFile, writeFile } from 'node:fs/promises'
import { ApplicationFailure } from '@temporalio/common'
import type { WorkflowClient, WorkflowHandle } from '@temporalio/client'
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js'
import { TestWorkflowEnvironment } from '@temporalio/testing'
import { DefaultLogger, makeTelemetryFilterString, Runtime, Worker } from '@temporalio/worker'
import { afterAll, beforeAll, expect } from 'vitest'
import type { ControlActivities, DownloadActivities, ImageActivities, MediaActivities } from '../../activities/index.ts'
import { TASK_QUEUES, workflowIdOf } from '../../contract/names.ts'
import type { MediaPlan, SoundPlan } from '../../contract/plan.ts'
import type { JobInput, JobProjection, ProductFile } from '../../contract/steps.ts'
import { readInstalledTools } from '../../scripts/installed-tools.ts'
import { audioEncode } from '../audio-encode.ts'

type Activities = DownloadActivities & MediaActivities & ImageActivities & ControlActivities

let jobs = 0

export const jobInput = (): JobInput => {
  jobs += 1
  return {
    jobId: `01930000-0000-7000-8000-${String(jobs).padStart(12, '0')}`,
    kind: 'ingest',
    run: 1,
    owner: 'owner',
    source: { url: 'https://example.org/clip', file: null },
    preset: 'web',
    options: {},
    force: false,
    priority: 3,
    passthrough: null,
    createdAt: '2026-01-01T00:00:00.000Z',
  }
}

export const ingestSound = (changes: Partial<Pick<SoundPlan, 'name' | 'label'>> = {}): SoundPlan => ({
  name: 'audio',
  label: 'Track 1',
  role: null,
  ...audioEncode(),
  ...changes,
})

export const ingestPlan = ({
  storyboardFrom = 'keyframes' as MediaPlan['thumbnails']['storyboardFrom'],
  chunkStarts = [0],
} = {}): MediaPlan => ({
  hash: 'hash',
  extension: 'mp4',
  delivery: 'file',
  passSource: false,
  durationMs: 1_000,
  video: {
    mode: 'encode',
    streamIndex: 0,
    copied: null,
    renditions: [{ name: '720p', width: 1280, height: 720, crf: 23, maxrateBps: 3_000_000, profile: 'high' }],
    excerpt: null,
    encoder: { codec: 'h264', speed: 'veryfast', range: 'standard' },
    frameRate: '25/1',
    keyframeIntervalMs: 2_000,
    deinterlace: false,
    colour: 'bt709',
    expectedMs: null,
    storyboardBranch: null,
    originMs: 0,
    countedAt: null,
    chunkStarts,
    fromCopy: false,
    sourceFrames: 25,
    longestFrameMs: 40,
  },
  sounds: [ingestSound()],
  excerpt: null,
  clockStreams: [],
  alsoCopy: [],
  thumbnails: {
    posterFrom: 'video',
    streamIndex: 0,
    posterWidths: [1280],
    posterBy: 'keyframes',
    frameSize: null,
    colour: 'bt709',
    deinterlace: false,
    storyboard: null,
    storyboardFrom,
  },
  keepSource: false,
  weights: { transcode: 1, package: 1, thumbnail: 1, publish: 1 },
  disk: { bytes: 3_000_000, leastBytes: 1_000_000 },
  reasons: [],
})

const product = (path: string): ProductFile => ({
  key: `job/${path}`,
  path,
  role: 'main',
  contentType: 'video/mp4',
  sizeBytes: 1,
  width: null,
  height: null,
})

/** As a step fails: typed, and never tried again by Temporal. */
export const toolFailure = (type: string, details: object = {}) =>
  ApplicationFailure.create({
    type,
    message: `${type} it is`,
    nonRetryable: true,
    details: [{ attempt: 1, ...details }],
  })

/** Activities that succeed at once, those given excepted; what was called and projected is kept in order. */
export const fakeActivities = (overrides: Partial<Activities> = {}) => {
  const projections: JobProjection[] = []
  const calls: string[] = []
  const file = { key: 'job/source.mp4', sizeBytes: 1 }
  const defaults: Activities = {
    resolve: async () => ({
      infoKey: null,
      sourceKey: 'generic:1',
      title: 'A clip',
      extractor: 'generic',
      id: '1',
      uploader: null,
      site: 'example.org',
      webpageUrl: null,
      durationMs: 1_000,
      sizeBytes: 1,
      stamp: null,
    }),
    inspect: async () => {
      throw new Error('not part of an ingest')
    },
    download: async () => ({ file, extension: 'mp4' }),
    probe: async () =>
      ({
        summary: {
          container: 'mp4',
          durationMs: 1_000,
          sizeBytes: 1,
          bitrateBps: 8,
          startMs: 0,
          quality: 50,
          streams: [],
        },
        facts: {
          identity: '',
          container: 'mp4',
          majorBrand: null,
          indexFirst: true,
          fragmented: false,
          steadyClock: true,
          durationMs: 1_000,
          sizeBytes: 1,
          video: null,
          audio: null,
          furtherAudio: [],
          cover: null,
          streams: [],
        },
        probeKey: 'job/probe.json',
      }) as Awaited<ReturnType<Activities['probe']>>,
    plan: async () => ingestPlan(),
    indexSource: async () => file,
    transcodeChunk: async ({ chunk }) => ({ key: `job/video/${chunk}`, sizeBytes: 1 }),
    transcodeAudio: async () => ({ file: { key: 'job/audio.mp4', sizeBytes: 1 }, loudness: null }),
    packageMedia: async () => ({ files: [product('main.mp4')] }),
    poster: async () => ({ files: [product('poster.jpg')] }),
    storyboard: async () => ({ files: [product('storyboard.vtt')] }),
    publish: async (input) => ({ mediaId: input.mediaId, libraryPath: 'a/b.mp4', sizeBytes: 1 }),
    projectJob: async () => true,
    findReusable: async () => [],
    removeWork: async () => {},
    withdraw: async () => {},
  }
  const given = { ...defaults, ...overrides } as Record<string, (input: never) => Promise<unknown>>
  const activities = Object.fromEntries(
    Object.entries(given).map(([name, call]) => [
      name,
      async (input: never) => {
        if (name !== 'projectJob') calls.push(name)
        const output = await call(input)
        // Only what was written counts as told.
        if (name === 'projectJob') projections.push(input)
        return output
      },
    ]),
  )
  return { activities, projections, calls }
}

type FakeActivities = ReturnType<typeof fakeActivities>['activities']

/**
 * A server with workers on all task queues for the tests of a file, which bring their activities.
 * @param kind one that skips the time in which nothing happens, or the real one, which can do all that operators do
 */
export const useServer = (kind: 'time-skipping' | 'real' = 'time-skipping') => {
  let environment: TestWorkflowEnvironment | null = null
  let workers: Worker[] = []
  let running: Promise<void>[] = []
  let current: FakeActivities = {}

  beforeAll(async () => {
    Runtime.install({
      logger: new DefaultLogger('ERROR'),
      // The test server lacks what the SDK would warn about for every worker.
      telemetryOptions: { logging: { filter: makeTelemetryFilterString({ core: 'ERROR' }) } },
    })
    environment = await startServer(kind)
    const workflowBundle = { code: await readFile(new URL('../../dist/workflows.js', import.meta.url), 'utf8') }
    const connection = environment.nativeConnection
    const delegates = Object.fromEntries(
      Object.keys(fakeActivities().activities).map((name) => [name, (input: never) => current[name]?.(input)]),
    )
    workers = await Promise.all(
      Object.values(TASK_QUEUES).map((taskQueue) =>
        Worker.create({
          connection,
          taskQueue,
          workflowBundle,
          activities: delegates,
          maxHeartbeatThrottleInterval: 50,
        }),
      ),
    )
    running = workers.map((worker) => worker.run())
  })
  afterAll(async () => {
    for (const worker of workers) worker.shutdown()
    await Promise.all(running)
    await environment?.teardown()
  })

  const client = (): WorkflowClient => {
    if (!environment) throw new Error('the test environment did not start')
    return environment.client.workflow
  }
  return {
    client,
    serve: (activities: FakeActivities): void => {
      current = activities
    },
    /** What `run` gives; keeps the history of the workflow where histories are recorded. */
    recorded: async <O>(workflowId: string, run: () => Promise<O>): Promise<O> => {
      try {
        return await run()
      } finally {
        if (process.env['RECORD_HISTORIES'] === '1') await recordHistory(client(), workflowId)
      }
    },
  }
}

const startServer = (kind: 'time-skipping' | 'real'): Promise<TestWorkflowEnvironment> => {
  const { temporal, testServer } = readInstalledTools()
  const path = kind === 'real' ? temporal : testServer
  if (path === undefined) throw new Error('a Temporal server is missing: run `npm run setup -- --test`')
  const server = { executable: { type: 'existing-path' as const, path } }
  return kind === 'real'
    ? TestWorkflowEnvironment.createLocal({ server })
    : TestWorkflowEnvironment.createTimeSkipping({ server })
}

/** A server for the tests of a file, on which ingests are run. */
export const useWorkflows = (kind: 'time-skipping' | 'real' = 'time-skipping') => {
  const { client, serve, recorded } = useServer(kind)

  /**
   * Runs an ingest to its end. `cancelAt`: asks Temporal to cancel it once that activity has begun. `meanwhile`: what is done to
   * it while it runs. `toldFirst`: a signal that is there when it begins.
   */
  return (
    input: JobInput,
    activities: FakeActivities,
    {
      cancelAt,
      meanwhile = async () => {},
      toldFirst,
    }: {
      cancelAt?: string
      meanwhile?: (workflow: WorkflowHandle, client: WorkflowClient) => Promise<void>
      toldFirst?: { signal: string; signalArgs: unknown[] }
    } = {},
  ): Promise<{ mediaIds: string[]; reused: boolean }> => {
    const workflowId = workflowIdOf(input.kind, input.jobId, input.run)
    const cancel = async (): Promise<void> => void (await client().getHandle(workflowId).cancel())
    serve(cancelAt === undefined ? activities : { ...activities, [cancelAt]: after(cancel, activities[cancelAt]) })
    const options = { workflowId, taskQueue: TASK_QUEUES.control, args: [input] }
    return recorded(workflowId, async () => {
      const workflow = await (toldFirst
        ? client().signalWithStart('ingest', { ...options, ...toldFirst })
        : client().start('ingest', options))
      await meanwhile(workflow, client())
      // A reset ends the execution that was started.
      return (await client().getHandle(workflowId).result()) as { mediaIds: string[]; reused: boolean }
    })
  }
}

const after = (first: () => Promise<void>, call: FakeActivities[string] | undefined): FakeActivities[string] => {
  if (!call) throw new Error('there is no such activity')
  return async (input) => {
    await first()
    return call(input)
  }
}

/** Keeps the history of the run under the name of the test, for the replay tests. */
const recordHistory = async (client: WorkflowClient, workflowId: string): Promise<void> => {
  const history = await client.getHandle(workflowId).fetchHistory()
  const name = (expect.getState().currentTestName ?? workflowId).replaceAll(/[^a-z0-9]+/gi, '-').toLowerCase()
  const file = new URL(`../replay/histories/${name}.json`, import.meta.url)
  // Where it was recorded, and by whom, is nobody's business and would change each time.
  const json = historyToJSON(history).replaceAll(/"(stackTrace|identity)": "(?:[^"\\]|\\.)*"/g, '"$1": ""')
  await writeFile(file, `${json}\n`)
}
