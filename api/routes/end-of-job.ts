import { jobSchema } from '../../contract/jobs.ts'
import type { ApiDeps } from '../deps.ts'
import { idPathSchema, pathParameter } from '../http/parse.ts'
import { Problem } from '../http/problem.ts'
import { json, problems } from '../http/responses.ts'
import type { Route } from '../http/route.ts'
import { toJob } from '../job-view.ts'
import { API_PATH } from '../links.ts'
import { stateConflict, visibleJob } from '../visible-job.ts'

/** The next run of the same job. */
export const retryJob = (deps: ApiDeps): Route => ({
  method: 'post',
  path: `${API_PATH}/jobs/{id}/retry`,
  role: 'editor',
  operation: {
    operationId: 'retryJob',
    summary: 'Run a job again that failed, was cancelled or is partial',
    tags: ['Jobs'],
    requestParams: { path: idPathSchema },
    responses: { '202': json('The job, in its next run', jobSchema), ...problems(404, 409, 503) },
  },
  handle: async ({ request, response, principal }) => {
    const { id } = await visibleJob(deps.catalog.jobs, { id: pathParameter(request, 'id'), principal })
    const { outcome, job } = await deps.catalog.jobs.startNextRun(id)
    if (outcome === 'missing') throw new Problem('JobNotFound')
    if (outcome === 'refused') {
      throw stateConflict(job, `A job that is ${job.state} cannot be retried; one that failed or was cancelled can.`)
    }
    response.status(202).json(toJob(job, deps))
    deps.dispatch.start([job])
    deps.changed(job)
  },
})

/** Its media stay. */
export const deleteJob = (deps: ApiDeps): Route => ({
  method: 'delete',
  path: `${API_PATH}/jobs/{id}`,
  role: 'editor',
  operation: {
    operationId: 'deleteJob',
    summary: 'Delete a job that has ended, with what it kept for a retry; its media stay',
    tags: ['Jobs'],
    requestParams: { path: idPathSchema },
    responses: { '204': { description: 'Deleted' }, ...problems(404, 409, 503) },
  },
  handle: async ({ request, response, principal }) => {
    const row = await visibleJob(deps.catalog.jobs, { id: pathParameter(request, 'id'), principal })
    const removal = await deps.catalog.jobs.remove(row.id)
    if (removal.outcome === 'missing') throw new Problem('JobNotFound')
    if (removal.outcome === 'refused')
      throw stateConflict(removal.job, `The job is ${removal.job.state}; cancel it first.`)
    await deps
      .removeJobFiles(row.id)
      .catch((error: unknown) =>
        deps.log.warn({ err: error, jobId: row.id }, 'cannot remove the files of a deleted job'),
      )
    response.status(204).end()
    deps.feed.onRemoved(row)
  },
})
