import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ApplicationFailure } from '@temporalio/common'
import { MockActivityEnvironment } from '@temporalio/testing'
import { DefaultLogger } from '@temporalio/worker'
import { pino } from 'pino'
import { createDownload } from '../../activities/download.ts'
import { createInspect } from '../../activities/inspect.ts'
import { createResolve } from '../../activities/resolve.ts'
import type { SourceDeps } from '../../activities/source-deps.ts'
import type { StepFailureDetails } from '../../activities/step.ts'
import { parseConfig } from '../../config.ts'
import type { StepName } from '../../contract/names.ts'
import type { Info } from '../../contract/media.ts'
import type { JobOptions, PresetName } from '../../contract/presets.ts'
import type { ProgressSample } from '../../contract/progress.ts'
import type { Downloaded, Resolved } from '../../contract/steps.ts'
import { readInstalledTools } from '../../scripts/installed-tools.ts'
import { createLocalWorkStore } from '../../storage/local-work-store.ts'
import { createRoom } from '../../storage/room.ts'
import { createEgress } from '../../tools/egress-guard.ts'
import { startOrigin } from './origin.ts'

/** Failures are what these tests are about: the test judges them, the log need not repeat them. */
export const quietEnvironment = (): MockActivityEnvironment =>
  new MockActivityEnvironment({}, { logger: new DefaultLogger('ERROR') })

export interface Ask {
  url?: string
  file?: string
  preset?: PresetName
  options?: JobOptions
  /** Two asks with one job id share what is kept for the job. */
  jobId?: string
  /** Default: the first. */
  run?: number
}

/** The source steps on a store and an origin of their own, called as the ingest workflow calls them. */
export const createSourceLine = async (settings: Record<string, string> = {}) => {
  const origin = await startOrigin()
  const dataDir = await mkdtemp(join(tmpdir(), 'sluice-source-'))
  const config = parseConfig(
    { SLUICE_DATA: dataDir, SLUICE_ALLOW_ADDRESSES: origin.address, ...settings },
    readInstalledTools(),
  )
  const egress = await createEgress(config, { warn: () => {} })
  const store = createLocalWorkStore(config.dataDir)
  const samples: ProgressSample[] = []
  const deps: SourceDeps = {
    config,
    egress,
    store,
    room: createRoom(config),
    bus: {
      publish: (message) => {
        if (message.type === 'progress') samples.push(message.sample)
      },
      close: async () => {},
    },
    wishes: { onWish: () => () => {} },
    metrics: { stepEnded: () => {} },
    log: pino({ level: 'silent' }),
  }
  const activities = { resolve: createResolve(deps), download: createDownload(deps), inspect: createInspect(deps) }
  let jobs = 0
  const inputOf = (step: StepName, ask: Ask) => ({
    ref: { jobId: ask.jobId ?? `job-${(jobs += 1)}`, run: ask.run ?? 1, step, part: null, share: 1, attemptBase: 0 },
    source: { url: ask.url ?? null, file: ask.file ?? null },
    preset: ask.preset ?? ('web' as const),
    options: ask.options ?? {},
  })
  const resolve = (ask: Ask, environment = quietEnvironment()): Promise<Resolved> =>
    environment.run(activities.resolve, inputOf('resolve', ask))
  const download = (ask: Ask, resolved: Resolved, environment = quietEnvironment()): Promise<Downloaded> =>
    environment.run(activities.download, { ...inputOf('download', ask), resolved })
  return {
    origin,
    config,
    store,
    /** Progress of all calls so far. */
    samples,
    resolve,
    download,
    inspect: (url: string): Promise<Info> =>
      quietEnvironment().run(activities.inspect, { ref: inputOf('resolve', {}).ref, url }),
    /** Both steps of one job. */
    fetch: async (ask: Ask): Promise<{ resolved: Resolved; downloaded: Downloaded; path: string }> => {
      const job = { ...ask, jobId: ask.jobId ?? `job-${(jobs += 1)}` }
      const resolved = await resolve(job)
      const downloaded = await download(job, resolved)
      return { resolved, downloaded, path: await store.read(downloaded.file.key) }
    },
    /** Folders of attempts that nobody removed. */
    scratchLeft: () => readdir(join(config.dataDir, 'scratch')),
    close: async () => {
      await egress.close()
      await origin.close()
      await rm(dataDir, { recursive: true, force: true })
    },
  }
}

/** How a step failed, as the workflow reads it. */
export const failureOf = async (
  step: Promise<unknown>,
): Promise<{ code: string; message: string; details: StepFailureDetails }> => {
  const error: unknown = await step.then(
    (value) => new Error(`did not fail but gave ${JSON.stringify(value)}`),
    (reason: unknown) => reason,
  )
  if (!(error instanceof ApplicationFailure)) throw error
  return {
    code: error.type ?? '',
    message: error.message,
    details: error.details?.[0] as StepFailureDetails,
  }
}
