import type { ProbeSummary, FileRole } from './media.ts'
import type { Loudness } from './loudness.ts'
import type { JobKind, JobState, StepName, StepState, WaitingFor } from './names.ts'
import type { MediaPlan } from './plan.ts'
import type { SourceFacts } from './source-facts.ts'
import type { JobOptions, PresetName } from './presets.ts'
import type { Failure } from './failures.ts'

/** Inputs and outputs of activities. Payloads carry keys of stored files and small metadata; never bytes or secrets. */

/** Which piece of work of which job this is. */
export interface StepRef {
  jobId: string
  run: number
  step: StepName
  /** `720p/1`, `audio`; null for a step in one piece. */
  part: string | null
  /** This part's fraction of the step's work, 0–1. */
  share: number
  /** Attempts of this step and part that ended before this activity was scheduled. */
  attemptBase: number
}

/** A file in storage. Keys are relative, with forward slashes. */
export interface StoredFile {
  key: string
  sizeBytes: number
}

export interface JobInput {
  jobId: string
  kind: JobKind
  run: number
  owner: string
  source: { url: string | null; file: string | null }
  preset: PresetName
  options: JobOptions
  force: boolean
  priority: number
  passthrough: string | null
  createdAt: string
}

export interface ResolveInput {
  ref: StepRef
  source: { url: string | null; file: string | null }
  preset: PresetName
  options: JobOptions
}

/** What a source is, before a byte of its media is fetched. */
export interface Resolved {
  /** Key of yt-dlp's raw answer: it holds cookies and signed addresses, so it stays in a file of mode 0600; null for local files. */
  infoKey: string | null
  /** The same media always has the same key: extractor and id, or the address itself for plain files. */
  sourceKey: string
  title: string
  extractor: string
  id: string
  uploader: string | null
  site: string | null
  webpageUrl: string | null
  durationMs: number | null
  /** Expected size of the chosen formats; null where unknown. */
  sizeBytes: number | null
  /** By which a source that changed since is told; null where nothing tells. */
  stamp: string | null
}

export interface DownloadInput {
  ref: StepRef
  source: { url: string | null; file: string | null }
  resolved: Resolved
  preset: PresetName
  options: JobOptions
}
export interface Downloaded {
  file: StoredFile
  extension: string
}

export interface ProbeInput {
  ref: StepRef
  file: StoredFile
  preset: PresetName
}
export interface Probed {
  summary: ProbeSummary
  /** What the planner decides by. */
  facts: SourceFacts
  /** Key of the full ffprobe answer. */
  probeKey: string
}

export interface PlanInput {
  ref: StepRef
  file: StoredFile
  probed: Probed
  preset: PresetName
  options: JobOptions
}

export interface TranscodeChunkInput {
  ref: StepRef
  file: StoredFile
  plan: MediaPlan
  /** Index into the plan's `chunkStarts`. */
  chunk: number
  /** The copy to read it from, where the plan wants one. */
  copy?: StoredFile | undefined
}
export interface IndexSourceInput {
  ref: StepRef
  file: StoredFile
  plan: MediaPlan
}

/** A folder with `<name>.mp4` for each rendition, and `tiles/` where the plan has them made by the encode. */
export type TranscodedChunk = StoredFile

export interface TranscodeAudioInput {
  ref: StepRef
  file: StoredFile
  plan: MediaPlan
  /** Index into the plan's `sounds`. */
  sound: number
}

export interface TranscodedAudio {
  /** Null: the source's own stream is to be taken after all, as it is loud enough already. */
  file: StoredFile | null
  /** Null where nobody asked for one. */
  loudness: Loudness | null
}

export interface PackageInput {
  ref: StepRef
  file: StoredFile
  plan: MediaPlan
  /** In the order in which they are shown; empty where no picture is encoded. */
  chunks: TranscodedChunk[]
  /** Of each of the plan's `sounds`, in their order; null where the source's own is taken. */
  sounds: (StoredFile | null)[]
  title: string
}

/** A file ready to be published: where it lies and the name it gets within the media. */
export interface ProductFile {
  key: string
  /** Path within the media: `main.mp4`, `hls/master.m3u8`, `poster-1280.jpg`. */
  path: string
  role: FileRole
  contentType: string
  sizeBytes: number
  width: number | null
  height: number | null
}
export interface Products {
  files: ProductFile[]
}

export interface PosterInput {
  ref: StepRef
  file: StoredFile
  plan: MediaPlan
  title: string
}
export interface StoryboardInput {
  ref: StepRef
  file: StoredFile
  plan: MediaPlan
  /** Those that hold the tiles, where the encode makes them; else empty. */
  chunks: TranscodedChunk[]
}

export interface PublishInput {
  ref: StepRef
  mediaId: string
  job: Pick<JobInput, 'jobId' | 'owner' | 'preset' | 'passthrough' | 'options' | 'createdAt' | 'force'> & {
    url: string | null
  }
  resolved: Resolved
  probed: Probed
  plan: MediaPlan
  loudness: Loudness | null
  products: ProductFile[]
  source: StoredFile
}
export interface Published {
  mediaId: string
  libraryPath: string
  sizeBytes: number
}

/** A step as the workflow keeps it and the catalog stores it; `weight` never leaves the server. */
export interface StepRecord {
  name: StepName
  state: StepState
  percent: number | null
  attempt: number
  /** Epoch milliseconds. */
  startedAt: number | null
  endedAt: number | null
  error: Failure | null
  /** Expected share of the whole job's cost, any unit. */
  weight: number
}

/** The whole of what the workflow knows of its job, written to the catalog as one row update. */
export interface JobProjection {
  jobId: string
  run: number
  /** Temporal's id of this execution of the workflow: a reset goes on under another. */
  workflowRunId: string
  /** Grows by one with each projection of an execution: an older one never overwrites a newer. */
  version: number
  state: JobState
  /** What for, where the state is `waiting`; `error` then says it in a sentence. */
  waitingFor: WaitingFor | null
  /** Whether a pause is wished for: the state turns `paused` when nothing runs any more. */
  pauseRequested: boolean
  priority: number
  /** Orders of the newest wishes that these two answer; 0: none. Absent in those of workflows that do not say. */
  heard?: { pause: number; priority: number }
  title: string | null
  site: string | null
  steps: StepRecord[]
  error: Failure | null
  result: { mediaIds: string[]; reused: boolean } | null
}
