import { setTimeout as sleep } from 'node:timers/promises'
import type { Job } from '../../contract/jobs.ts'
import type { Media } from '../../contract/media.ts'
import { isEnded } from '../../contract/names.ts'
import type { ChaosInstance } from './chaos-instance.ts'
import type { ChaosOrigin } from './chaos-origin.ts'
import type { JobPlan } from './job-mix.ts'

/** One job as the run knows it. */
export interface ChaosJob {
  plan: JobPlan
  id: string
  /** Number of the last fault before it was accepted, and before it ended. */
  firstFault: number
  lastFault: number
  /** Epoch ms at which a cancellation was answered with 202; null: never. */
  cancelAcceptedAt: number | null
  /** As it ended; null where it has not. */
  ended: Job | null
  /** What is wrong with its media; empty where nothing is, or there are none. */
  wrong: string[]
}

export interface JobsDeps {
  instance: ChaosInstance
  origin: ChaosOrigin
  /** Whether the API can pause jobs. */
  canPause: boolean
  next: () => JobPlan
  /** Number of the last fault so far. */
  fault: () => number
  check: (job: ChaosJob, media: Media) => Promise<string[]>
}

export interface ChaosJobs {
  all: readonly ChaosJob[]
  /** Aborts when they can't go on: the instance has gone. */
  broken: AbortSignal
  /** No new jobs from now on; ends when all have ended, or `withinMs` has passed. */
  finish(withinMs: number): Promise<void>
}

/** So many that each slot always has something to do. */
const AT_ONCE = 6
const LOOK_EVERY_MS = 400

/** Keeps jobs going: submits, cancels, pauses, watches for their ends and looks at what came out. */
export const keepJobsGoing = (deps: JobsDeps): ChaosJobs => {
  const all: ChaosJob[] = []
  const over = new AbortController()
  let finishing = false
  const lane = async (): Promise<void> => {
    while (!finishing) await liveOneJob(deps, all, over.signal)
  }
  const lanes = Promise.all(Array.from({ length: AT_ONCE }, lane))
  const broken = new AbortController()
  // Looked at by `finish`, too.
  lanes.catch((error: unknown) => broken.abort(error))
  return {
    all,
    broken: broken.signal,
    finish: async (withinMs) => {
      finishing = true
      const late = setTimeout(() => over.abort(), withinMs)
      await lanes.finally(() => clearTimeout(late))
    },
  }
}

const liveOneJob = async (deps: JobsDeps, all: ChaosJob[], signal: AbortSignal): Promise<void> => {
  const { instance, origin, fault } = deps
  const plan = deps.next()
  const body = { url: origin.offer(plan), preset: plan.preset, priority: plan.priority, force: true }
  // However often it has to be asked: the same key is the same job.
  const key = { 'idempotency-key': `chaos-${plan.number}` }
  const firstFault = fault()
  const { status, body: accepted } = await instance.call<Job>('POST', '/jobs', body, key)
  if (status >= 300) throw new Error(`job ${plan.number} is refused with ${status}: ${JSON.stringify(accepted)}`)
  const job: ChaosJob = {
    plan,
    id: accepted.id,
    firstFault,
    lastFault: firstFault,
    cancelAcceptedAt: null,
    ended: null,
    wrong: [],
  }
  all.push(job)
  const meddled = meddle(deps, job)
  while (!signal.aborted && !job.ended) {
    const { body: now } = await instance.call<Job>('GET', `/jobs/${job.id}`)
    if (isEnded(now.state)) job.ended = now
    else await sleep(LOOK_EVERY_MS)
  }
  job.lastFault = fault()
  await meddled
  if (job.ended) await lookAtMedia(deps, job, job.ended)
}

/** Cancels or pauses a job as its plan says. */
const meddle = async ({ instance, canPause }: JobsDeps, job: ChaosJob): Promise<void> => {
  const { cancelAfterMs, pause } = job.plan
  const ask = async (what: string): Promise<number> =>
    (await instance.call<Job>('POST', `/jobs/${job.id}/${what}`)).status
  if (cancelAfterMs !== null) {
    await sleep(cancelAfterMs)
    if ((await ask('cancel')) === 202) job.cancelAcceptedAt = Date.now()
  } else if (pause && canPause) {
    await sleep(pause.afterMs)
    if ((await ask('pause')) !== 202) return
    await sleep(pause.forMs)
    await ask('resume')
  }
}

/** Media that are right are deleted, so that a long run does not fill its disk. */
const lookAtMedia = async ({ instance, check }: JobsDeps, job: ChaosJob, ended: Job): Promise<void> => {
  for (const id of ended.result?.mediaIds ?? []) {
    const { status, body: media } = await instance.call<Media>('GET', `/media/${id}`)
    if (status !== 200) {
      job.wrong.push(`its media ${id} are not there`)
      continue
    }
    const wrong = await check(job, media)
    job.wrong.push(...wrong)
    if (wrong.length === 0) await instance.call('DELETE', `/media/${id}`)
  }
  if (ended.state === 'succeeded' && ended.result?.mediaIds.length !== 1) job.wrong.push('it has no media')
}

/** What had gone into the library, or was about to, stays: a cancellation that comes then is too late. */
const isTooLate = ({ ended, cancelAcceptedAt }: ChaosJob): boolean => {
  const publishedFrom = ended?.steps.find(({ name }) => name === 'publish')?.startedAt ?? null
  if (ended?.state !== 'succeeded' || publishedFrom === null || cancelAcceptedAt === null) return false
  return Date.parse(publishedFrom) <= cancelAcceptedAt
}

/** How the job should have ended, but has not; null where it has. */
export const lossOf = (job: ChaosJob): string | null => {
  if (!job.ended) return 'has not ended'
  const expected = job.cancelAcceptedAt === null || isTooLate(job) ? 'succeeded' : 'cancelled'
  if (job.ended.state === expected) return null
  return `is ${job.ended.state} and not ${expected}${job.ended.error ? `: ${JSON.stringify(job.ended.error)}` : ''}`
}
