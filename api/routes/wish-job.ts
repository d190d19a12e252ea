import type { JobRow } from '../../catalog/job-row.ts'
import type { IntentOutcome } from '../../catalog/jobs.ts'
import { jobChangeSchema, jobSchema } from '../../contract/jobs.ts'
import type { ApiDeps } from '../deps.ts'
import { idPathSchema, parseBody, pathParameter } from '../http/parse.ts'
import { Problem } from '../http/problem.ts'
import { json, problems } from '../http/responses.ts'
import type { Call, Route } from '../http/route.ts'
import { toJob } from '../job-view.ts'
import { API_PATH } from '../links.ts'
import { stateConflict, visibleJob } from '../visible-job.ts'

interface Wish {
  operation: { operationId: string; summary: string; description: string }
  /** The row after the wish; nobody is asked but the catalog. */
  readonly apply: (id: string) => Promise<IntentOutcome>
}

/** Has a job do something, and tells whoever has to know: its workflow where it has one, a dispatcher where it goes on. */
const wish = async (
  deps: ApiDeps,
  { request, response, principal }: Call,
  { apply, status }: Pick<Wish, 'apply'> & { status: 200 | 202 },
): Promise<void> => {
  const { id } = await visibleJob(deps.catalog.jobs, { id: pathParameter(request, 'id'), principal })
  const { outcome, job } = await apply(id)
  if (outcome === 'missing') throw new Problem('JobNotFound')
  if (outcome === 'refused') throw stateConflict(job, refusalOf(job))
  response.status(status).json(toJob(job, deps))
  if (outcome === 'requested') deps.dispatch.carry(job)
  // It was paused before it began.
  if (outcome === 'settled' && job.state === 'accepted' && job.dispatchedAt !== null) deps.dispatch.start([job])
  if (outcome !== 'unchanged') deps.changed(job)
}

const refusalOf = ({ state, cancelRequested }: JobRow): string =>
  cancelRequested ? 'The job is being cancelled.' : `The job has ${state} already.`

const wishRoute = (deps: ApiDeps, word: string, { operation, apply }: Wish): Route => ({
  method: 'post',
  path: `${API_PATH}/jobs/{id}/${word}`,
  role: 'editor',
  operation: {
    ...operation,
    tags: ['Jobs'],
    requestParams: { path: idPathSchema },
    responses: { '202': json('The job', jobSchema), ...problems(404, 409, 503) },
  },
  handle: (call) => wish(deps, call, { apply, status: 202 }),
})

/** Answered at once; the state turns `cancelled` when the last process of the job is dead. */
export const cancelJob = (deps: ApiDeps): Route =>
  wishRoute(deps, 'cancel', {
    operation: {
      operationId: 'cancelJob',
      summary: 'Cancel a job that has not ended',
      description:
        'Answers with `cancelRequested`; the state turns `cancelled` when the last process of the job is dead.',
    },
    apply: (id) => deps.catalog.jobs.requestCancel(id),
  })

/** Answered at once; the state turns `paused` when the last process of the job is dead. */
export const pauseJob = (deps: ApiDeps): Route =>
  wishRoute(deps, 'pause', {
    operation: {
      operationId: 'pauseJob',
      summary: 'Pause a job that has not ended',
      description:
        'Answers with `pauseRequested`; the state turns `paused` when the last process of the job is dead. What is finished stays, ' +
        'a download goes on from where it was, and an encode that was under way begins again. Asking again changes nothing.',
    },
    apply: (id) => deps.catalog.jobs.requestPause(id),
  })

export const resumeJob = (deps: ApiDeps): Route =>
  wishRoute(deps, 'resume', {
    operation: {
      operationId: 'resumeJob',
      summary: 'Go on with a job that is paused',
      description: 'It goes on as soon as there is a free slot. A job that is not paused stays as it is.',
    },
    apply: (id) => deps.catalog.jobs.requestResume(id),
  })

/** Only what has not begun yet can be overtaken. */
export const changeJob = (deps: ApiDeps): Route => ({
  method: 'patch',
  path: `${API_PATH}/jobs/{id}`,
  role: 'editor',
  bodyBytes: 4_096,
  operation: {
    operationId: 'changeJob',
    summary: 'Change the priority of a job that has not ended',
    description: 'Counts for what has not begun yet: steps that wait for a slot, and those that are still to come.',
    tags: ['Jobs'],
    requestParams: { path: idPathSchema },
    requestBody: { required: true, content: { 'application/json': { schema: jobChangeSchema } } },
    responses: { '200': json('The job', jobSchema), ...problems(400, 404, 409, 415, 503) },
  },
  handle: (call) => {
    const { priority } = parseBody(jobChangeSchema, call.request)
    return wish(deps, call, { apply: (id) => deps.catalog.jobs.requestPriority(id, priority), status: 200 })
  },
})
