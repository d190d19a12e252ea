import { z } from 'zod'
import type { JobRow } from '../../catalog/job-row.ts'
import { jobActionSchema, jobSchema, MAX_JOBS_PER_REQUEST, type JobActionRequest } from '../../contract/jobs.ts'
import { visibleOwner, type Principal } from '../access/principal.ts'
import type { ApiDeps } from '../deps.ts'
import { parseBody } from '../http/parse.ts'
import { problemSchema, toProblem } from '../http/problem.ts'
import { json, problems } from '../http/responses.ts'
import type { Route } from '../http/route.ts'
import { ACTIONS, prioritise, type Acted, type ActOnJob } from '../job-actions.ts'
import { toJob } from '../job-view.ts'
import { API_PATH } from '../links.ts'
import { visibleJob } from '../visible-job.ts'

/** A thousand ids, with room for what is around them. */
const BODY_BYTES = 256 * 1024
/** Rows in one question. */
const PAGE = 200

const itemsSchema = z
  .object({
    items: z.array(
      z.object({
        id: z.string(),
        job: jobSchema.nullable().optional().describe('As it is now; null where it was deleted'),
        error: problemSchema.optional(),
      }),
    ),
    nextCursor: z
      .string()
      .nullable()
      .describe('Of a filter that fits more jobs than are taken at once: send the same again with this as `cursor`'),
  })
  .meta({ id: 'JobsActedOn' })

/** The same as the calls for one job, for many: each on its own, so that one that is refused keeps no other from it. */
export const actOnJobs = (deps: ApiDeps): Route => ({
  method: 'post',
  path: `${API_PATH}/jobs/actions`,
  role: 'editor',
  bodyBytes: BODY_BYTES,
  operation: {
    operationId: 'actOnJobs',
    summary: 'Cancel, pause, resume, retry, delete or prioritise many jobs',
    description: `Up to ${MAX_JOBS_PER_REQUEST} at once, by \`ids\` or by a \`filter\` as of \`GET /jobs\`, with an answer for each.`,
    tags: ['Jobs'],
    requestBody: { required: true, content: { 'application/json': { schema: jobActionSchema } } },
    responses: { '202': json('An entry for each job', itemsSchema), ...problems(400, 413, 415, 503) },
  },
  handle: async ({ request, response, principal }) => {
    const asked = parseBody(jobActionSchema, request)
    const act = actionOf(asked)
    const { jobs, nextCursor } = await chosen(deps, principal, asked)
    const requestId = String(response.locals['requestId'])
    const acted: Acted[] = []
    const items: z.infer<typeof itemsSchema>['items'] = []
    for (const { id, find } of jobs) {
      try {
        const done = await act(deps, await find())
        acted.push(done)
        items.push({ id, job: done.job && toJob(done.job, deps) })
      } catch (error) {
        const problem = toProblem(error)
        if (problem.code === 'Internal') deps.log.error({ err: error, jobId: id }, 'cannot act on this job')
        items.push({ id, error: problem.body(requestId) })
      }
    }
    response.status(202).json({ items, nextCursor })
    for (const { tell } of acted) tell()
  },
})

const actionOf = ({ action, priority }: JobActionRequest): ActOnJob =>
  // The schema asks for a priority with this action.
  action === 'prioritise' ? prioritise(priority ?? 0) : ACTIONS[action]

interface Chosen {
  jobs: { id: string; find: () => Promise<JobRow> }[]
  nextCursor: string | null
}

/** Each once. */
const chosen = async (
  { catalog }: ApiDeps,
  principal: Principal,
  { ids, filter, cursor }: JobActionRequest,
): Promise<Chosen> => {
  if (ids !== undefined) {
    const find = (id: string) => () => visibleJob(catalog.jobs, { id, principal })
    return { jobs: [...new Set(ids)].map((id) => ({ id, find: find(id) })), nextCursor: null }
  }
  const { state, ...rest } = filter ?? {}
  const jobs: Chosen['jobs'] = []
  let next = cursor ?? null
  do {
    const query = { ...rest, states: state, owner: visibleOwner(principal), limit: PAGE }
    const page = await catalog.jobs.list({ ...query, ...(next !== null && { cursor: next }) })
    jobs.push(...page.items.map((row) => ({ id: row.id, find: () => Promise.resolve(row) })))
    next = page.nextCursor
  } while (next !== null && jobs.length + PAGE <= MAX_JOBS_PER_REQUEST)
  return { jobs, nextCursor: next }
}
