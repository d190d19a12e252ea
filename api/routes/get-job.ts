import { z } from 'zod'
import type { JobRow } from '../../catalog/job-row.ts'
import { jobSchema } from '../../contract/jobs.ts'
import { isEnded, workflowIdOf } from '../../contract/names.ts'
import type { ApiDeps } from '../deps.ts'
import { idPathSchema, parseQuery, pathParameter } from '../http/parse.ts'
import { json, problems } from '../http/responses.ts'
import type { Route } from '../http/route.ts'
import { toJob } from '../job-view.ts'
import { API_PATH } from '../links.ts'
import { visibleJob } from '../visible-job.ts'

const querySchema = z.strictObject({
  live: z.enum(['true', 'false']).default('false').describe('`true` asks the workflow itself, for at most 2 s'),
})

export const getJob = (deps: ApiDeps): Route => ({
  method: 'get',
  path: `${API_PATH}/jobs/{id}`,
  role: 'viewer',
  operation: {
    operationId: 'getJob',
    summary: 'One job',
    tags: ['Jobs'],
    requestParams: { path: idPathSchema, query: querySchema },
    responses: { '200': json('The job', jobSchema), ...problems(400, 404, 503, 504) },
  },
  handle: async ({ request, response, principal }) => {
    const { live } = parseQuery(querySchema, request)
    const row = await visibleJob(deps.catalog.jobs, { id: pathParameter(request, 'id'), principal })
    response.json(toJob(live === 'true' ? await askWorkflow(deps, row) : row, deps))
  },
})

/** The row with what its workflow knows of it now. An ended job is what the catalog says; one not started has no workflow. */
const askWorkflow = async ({ temporal }: ApiDeps, row: JobRow): Promise<JobRow> => {
  if (isEnded(row.state) || row.startedAt === null) return row
  const { state, steps, error, result, title, site } = await temporal.queryStatus(
    workflowIdOf(row.kind, row.id, row.run),
  )
  const source = { ...row.source, title: title ?? row.source.title, site: site ?? row.source.site }
  return { ...row, state, steps, error, result: result ?? row.result, source }
}
