import { createCatalogCalls, type CatalogCallDeps } from './catalog-calls.ts'
import { createDownload } from './download.ts'
import { createIndexSource } from './index-source.ts'
import { createInspect } from './inspect.ts'
import { createPackageMedia } from './package.ts'
import { createPlan } from './plan.ts'
import { createPoster } from './poster.ts'
import { createProbe } from './probe.ts'
import { createPublish, type PublishDeps } from './publish.ts'
import { createResolve } from './resolve.ts'
import type { SourceDeps } from './source-deps.ts'
import type { StepDeps } from './step.ts'
import { createStoryboard } from './storyboard.ts'
import { createTranscodeAudio } from './transcode-audio.ts'
import { createTranscodeChunk } from './transcode-chunk.ts'

/** Activities by the task queue they belong to. A new step is one file and one line here. */

export const createDownloadActivities = (deps: SourceDeps) => ({
  resolve: createResolve(deps),
  inspect: createInspect(deps),
  download: createDownload(deps),
})

export const createMediaActivities = (deps: StepDeps) => ({
  probe: createProbe(deps),
  plan: createPlan(deps),
  indexSource: createIndexSource(deps),
  transcodeChunk: createTranscodeChunk(deps),
  transcodeAudio: createTranscodeAudio(deps),
  packageMedia: createPackageMedia(deps),
})

export const createImageActivities = (deps: StepDeps) => ({
  poster: createPoster(deps),
  storyboard: createStoryboard(deps),
})

export const createControlActivities = (deps: PublishDeps & CatalogCallDeps) => ({
  publish: createPublish(deps),
  ...createCatalogCalls(deps),
})

export type DownloadActivities = ReturnType<typeof createDownloadActivities>
export type MediaActivities = ReturnType<typeof createMediaActivities>
export type ImageActivities = ReturnType<typeof createImageActivities>
export type ControlActivities = ReturnType<typeof createControlActivities>
