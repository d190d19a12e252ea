import { z } from 'zod'
import { jobSchema, MAX_JOBS_PER_REQUEST, newJobSchema, type NewJob } from '../../contract/jobs.ts'
import { gatherRows } from '../../dispatch/gather-rows.ts'
import { acceptJobs, type AcceptedOrProblem } from '../accept-jobs.ts'
import type { ApiDeps } from '../deps.ts'
import { createGroupCommit } from '../group-commit.ts'
import { parse, parseBody, invalid } from '../http/parse.ts'
import { Problem, problemSchema } from '../http/problem.ts'
import { json, problems } from '../http/responses.ts'
import type { Call, Route } from '../http/route.ts'
import { toJob } from '../job-view.ts'
import { API_PATH } from '../links.ts'

/** A thousand jobs with the longest addresses that are allowed. */
const BODY_BYTES = 10 * 1024 * 1024

const manySchema = z
  .strictObject({ jobs: z.array(z.unknown()).min(1).max(MAX_JOBS_PER_REQUEST) })
  .meta({ id: 'NewJobsAsSent' })
const documentedBody = z.union([
  newJobSchema,
  z.strictObject({ jobs: z.array(newJobSchema).min(1).max(MAX_JOBS_PER_REQUEST) }),
])

const acceptedJobSchema = jobSchema
  .extend({ deduplicated: z.literal(true).optional().describe('There where the job was there already') })
  .meta({ id: 'AcceptedJob' })
const itemsSchema = z
  .object({
    items: z.array(
      z.object({
        index: z.int(),
        job: jobSchema.optional(),
        deduplicated: z.boolean().optional(),
        error: problemSchema.optional(),
      }),
    ),
  })
  .meta({ id: 'AcceptedJobs' })

const headerSchema = z.object({
  'Idempotency-Key': z
    .string()
    .min(1)
    .max(255)
    .optional()
    .describe('The same key with the same body gives the same jobs for 24 hours'),
})

/** `POST /jobs`: one insert, and the answer; the workflows are started after it. */
export const submitJobs = (deps: ApiDeps): Route => {
  const acceptOrMatch = createGroupCommit(deps.catalog.jobs)
  const announce = gatherRows((rows) => {
    for (const row of rows) deps.changed(row)
  })
  const accept = async (call: Call, jobs: readonly NewJob[]): Promise<AcceptedOrProblem[]> => {
    const key = parse(headerSchema.shape['Idempotency-Key'], call.request.get('idempotency-key'))
    const accepted = await acceptJobs(
      { acceptOrMatch, importDir: deps.config.importDir },
      {
        jobs,
        owner: call.principal.subject,
        idempotency: key === undefined ? null : { key, body: call.request.body as unknown },
      },
    )
    return accepted
  }
  /** Once the answer is on its way, and before anything else can be asked of these jobs. */
  const handOn = (accepted: readonly AcceptedOrProblem[]) => {
    const rows = accepted.flatMap((item) => (item instanceof Problem || item.deduplicated ? [] : [item.job]))
    deps.dispatch.start(rows)
    announce(rows)
  }

  const handleOne = async (call: Call) => {
    const [item] = await accept(call, [parse(newJobSchema, call.request.body)])
    if (!item || item instanceof Problem) throw item ?? new Problem('Internal')
    const { job, deduplicated } = item
    call.response
      .status(deduplicated ? 200 : 202)
      .location(deps.links.job(job.id))
      .json(deduplicated ? { ...toJob(job, deps), deduplicated } : toJob(job, deps))
    handOn([item])
  }

  const handleMany = async (call: Call, sent: readonly unknown[]) => {
    const parsed = sent.map((value) => newJobSchema.safeParse(value))
    const accepted = await accept(
      call,
      parsed.flatMap(({ data }) => (data ? [data] : [])),
    )
    let next = 0
    const requestId = String(call.response.locals['requestId'])
    const items = parsed.map(({ error }, index) => {
      const item = error ? invalid(error) : accepted[next++]
      if (!item || item instanceof Problem) return { index, error: (item ?? new Problem('Internal')).body(requestId) }
      const job = toJob(item.job, deps)
      return item.deduplicated ? { index, job, deduplicated: true } : { index, job }
    })
    call.response.status(202).json({ items })
    handOn(accepted)
  }

  return {
    method: 'post',
    path: `${API_PATH}/jobs`,
    role: 'editor',
    bodyBytes: BODY_BYTES,
    operation: {
      operationId: 'submitJobs',
      summary: 'Submit one job, or many at once',
      description: 'Many are answered one by one: what is wrong with one of them keeps no other out.',
      tags: ['Jobs'],
      requestParams: { header: headerSchema },
      requestBody: { required: true, content: { 'application/json': { schema: documentedBody } } },
      responses: {
        '202': {
          description: 'Accepted: the job, or for many an entry each',
          headers: { Location: { description: 'Address of the job', schema: { type: 'string' } } },
          content: { 'application/json': { schema: z.union([acceptedJobSchema, itemsSchema]) } },
        },
        '200': json('The same was submitted before: that job', acceptedJobSchema),
        ...problems(400, 413, 415, 422, 503),
      },
    },
    handle: async (call) => {
      const body: unknown = parseBody(z.unknown(), call.request)
      const isBatch = typeof body === 'object' && body !== null && 'jobs' in body
      if (isBatch) await handleMany(call, parse(manySchema, body).jobs)
      else await handleOne(call)
    },
  }
}
