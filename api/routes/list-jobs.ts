import { z } from 'zod'
import { JOB_SORTS } from '../../catalog/jobs.ts'
import { jobSchema } from '../../contract/jobs.ts'
import { JOB_KINDS, JOB_STATES } from '../../contract/names.ts'
import { clientText } from '../../contract/text.ts'
import { visibleOwner } from '../access/principal.ts'
import type { ApiDeps } from '../deps.ts'
import { pageOf, pageQuery, parseQuery } from '../http/parse.ts'
import { json, problems } from '../http/responses.ts'
import type { Route } from '../http/route.ts'
import { toJob } from '../job-view.ts'
import { API_PATH } from '../links.ts'

const querySchema = z.strictObject({
  state: z
    .union([z.string(), z.array(z.string())])
    .transform((given) => (typeof given === 'string' ? given.split(',') : given))
    .pipe(z.array(z.enum(JOB_STATES)).min(1))
    .optional()
    .meta({ description: 'One state or several, separated by commas', override: { type: 'string' } }),
  kind: z.enum(JOB_KINDS).optional(),
  q: clientText(200).optional().describe('Words to find in title, address, file and site'),
  site: clientText(253).optional(),
  parent: z.uuid().optional(),
  sort: z.enum(JOB_SORTS).default('-createdAt'),
  ...pageQuery,
})

export const listJobs = (deps: ApiDeps): Route => ({
  method: 'get',
  path: `${API_PATH}/jobs`,
  role: 'viewer',
  operation: {
    operationId: 'listJobs',
    summary: 'Jobs, newest first unless sorted otherwise',
    tags: ['Jobs'],
    requestParams: { query: querySchema },
    responses: { '200': json('A page of jobs', pageOf(jobSchema)), ...problems(400, 503) },
  },
  handle: async ({ request, response, principal }) => {
    const { state, ...query } = parseQuery(querySchema, request)
    const page = await deps.catalog.jobs.list({ ...query, states: state, owner: visibleOwner(principal) })
    response.json({ items: page.items.map((row) => toJob(row, deps)), nextCursor: page.nextCursor })
  },
})
