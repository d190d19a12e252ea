/** Names that several processes must agree on. No zod here: workflows read this inside their sandbox. */

export const TASK_QUEUES = {
  control: 'sluice',
  download: 'sluice-download',
  media: 'sluice-media',
  images: 'sluice-images',
} as const
export type TaskQueue = (typeof TASK_QUEUES)[keyof typeof TASK_QUEUES]

/** A worker process takes one or more of these; each is one task queue. */
export const WORKER_ROLES = ['control', 'download', 'media', 'images'] as const
export type WorkerRole = (typeof WORKER_ROLES)[number]

export const SEARCH_ATTRIBUTES = {
  kind: 'SluiceKind',
  owner: 'SluiceOwner',
  site: 'SluiceSite',
} as const

export const QUERIES = { status: 'statusQuery' } as const

/** What a running job can be told, by the API as well as by an operator's hand; `room` by whoever divides the disk. */
export const SIGNALS = {
  pause: 'pauseSignal',
  resume: 'resumeSignal',
  priority: 'prioritySignal',
  room: 'roomSignal',
} as const

/** From urgent to whenever there is time. */
export const PRIORITIES = { urgent: 1, usual: 3, last: 5 } as const

export const JOB_KINDS = ['ingest', 'info'] as const
export type JobKind = (typeof JOB_KINDS)[number]

/** The workflow type is the kind: `ingest` jobs run the workflow `ingest`. */
export const workflowIdOf = (kind: JobKind, jobId: string, run: number): string =>
  run === 1 ? `${kind}-${jobId}` : `${kind}-${jobId}-r${run}`

/** Inverse of {@link workflowIdOf}; null for ids that are not jobs. */
export const parseWorkflowId = (workflowId: string): { kind: JobKind; jobId: string; run: number } | null => {
  const match = /^(ingest|info)-([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})(?:-r(\d+))?$/.exec(workflowId)
  if (!match?.[1] || !match[2]) return null
  return { kind: match[1] as JobKind, jobId: match[2], run: match[3] ? Number(match[3]) : 1 }
}

/** The steps of an ingest, in the order in which clients see them. */
export const STEP_NAMES = [
  'resolve',
  'download',
  'probe',
  'plan',
  'transcode',
  'package',
  'thumbnail',
  'publish',
] as const
export type StepName = (typeof STEP_NAMES)[number]

export const STEP_STATES = ['pending', 'queued', 'running', 'succeeded', 'failed', 'skipped', 'cancelled'] as const
export type StepState = (typeof STEP_STATES)[number]

export const JOB_STATES = [
  'accepted',
  'running',
  'paused',
  'waiting',
  'succeeded',
  'partial',
  'failed',
  'cancelled',
] as const
export type JobState = (typeof JOB_STATES)[number]

/** What a job in the state `waiting` waits for. */
export const WAITING_FOR = ['cookies', 'site', 'disk', 'approval'] as const
export type WaitingFor = (typeof WAITING_FOR)[number]

/** What may be done to many jobs at once. */
export const JOB_ACTIONS = ['cancel', 'pause', 'resume', 'retry', 'delete', 'prioritise'] as const
export type JobAction = (typeof JOB_ACTIONS)[number]

export const ENDED_STATES = ['succeeded', 'partial', 'failed', 'cancelled'] as const satisfies readonly JobState[]
export const isEnded = (state: JobState): boolean => (ENDED_STATES as readonly JobState[]).includes(state)

/** States from which `retry` starts the next run. */
export const RETRYABLE_STATES = ['partial', 'failed', 'cancelled'] as const satisfies readonly JobState[]
