import { jobChangeSchema, jobSchema } from '../../contract/jobs.ts'
import type { ApiDeps } from '../deps.ts'
import { idPathSchema, parseBody, pathParameter } from '../http/parse.ts'
import { json, problems } from '../http/responses.ts'
import type { Call, Route } from '../http/route.ts'
import { ACTIONS, prioritise, type ActOnJob } from '../job-actions.ts'
import { toJob } from '../job-view.ts'
import { API_PATH } from '../links.ts'
import { visibleJob } from '../visible-job.ts'

const PATH = `${API_PATH}/jobs/{id}`

/** Does it to the job of the address, answers with the job, and tells of it after that. */
const answer = async (deps: ApiDeps, call: Call, act: ActOnJob, status: 200 | 202): Promise<void> => {
  const row = await visibleJob(deps.catalog.jobs, { id: pathParameter(call.request, 'id'), principal: call.principal })
  const { job, tell } = await act(deps, row)
  if (job === null) call.response.status(204).end()
  else call.response.status(status).json(toJob(job, deps))
  tell()
}

interface Described {
  operationId: string
  summary: string
  description?: string
}

const post = (deps: ApiDeps, word: 'cancel' | 'pause' | 'resume' | 'retry', described: Described): Route => ({
  method: 'post',
  path: `${PATH}/${word}`,
  role: 'editor',
  operation: {
    ...described,
    tags: ['Jobs'],
    requestParams: { path: idPathSchema },
    responses: { '202': json('The job', jobSchema), ...problems(404, 409, 503) },
  },
  handle: (call) => answer(deps, call, ACTIONS[word], 202),
})

/** Each is answered at once; what it means for programs that run follows. */
export const actOnJob = (deps: ApiDeps): Route[] => [
  post(deps, 'cancel', {
    operationId: 'cancelJob',
    summary: 'Cancel a job that has not ended',
    description:
      'Answers with `cancelRequested`; the state turns `cancelled` when the last process of the job is dead.',
  }),
  post(deps, 'pause', {
    operationId: 'pauseJob',
    summary: 'Pause a job that has not ended',
    description:
      'Answers with `pauseRequested`; the state turns `paused` when the last process of the job is dead. What is finished stays, ' +
      'a download goes on from where it was, and a piece of the encode that was under way begins again. Asking again changes nothing.',
  }),
  post(deps, 'resume', {
    operationId: 'resumeJob',
    summary: 'Go on with a job that is paused',
    description: 'It goes on as soon as there is a free slot. A job that is not paused stays as it is.',
  }),
  post(deps, 'retry', {
    operationId: 'retryJob',
    summary: 'Run a job again that failed, was cancelled or is partial',
    description:
      'The same job, in its next run. What a failed run finished is kept for a day and taken, where its source is still the same.',
  }),
  changeJob(deps),
  deleteJob(deps),
]

/** Only what has not begun yet can be overtaken. */
const changeJob = (deps: ApiDeps): Route => ({
  method: 'patch',
  path: PATH,
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
  handle: (call) => answer(deps, call, prioritise(parseBody(jobChangeSchema, call.request).priority), 200),
})

/** Its media stay. */
const deleteJob = (deps: ApiDeps): Route => ({
  method: 'delete',
  path: PATH,
  role: 'editor',
  operation: {
    operationId: 'deleteJob',
    summary: 'Delete a job that has ended, with what it kept for a retry; its media stay',
    tags: ['Jobs'],
    requestParams: { path: idPathSchema },
    responses: { '204': { description: 'Deleted' }, ...problems(404, 409, 503) },
  },
  handle: (call) => answer(deps, call, ACTIONS.delete, 200),
})
