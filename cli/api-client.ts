import { z } from 'zod'
import { jobSchema, type Job, type newJobSchema } from '../contract/jobs.ts'
import type { JobAction } from '../contract/names.ts'
import { mediaSchema, type Media } from '../contract/media.ts'
import { CliError } from './cli-error.ts'

/** Where the API is, and who asks. */
export interface ApiAddress {
  url: string
  token: string
}

export type JobRequest = z.input<typeof newJobSchema>
export type Submitted = { job: Job } | { error: { message: string; help: string | null } }

const ANSWERS_WITHIN_MS = 30_000

const problemSchema = z.looseObject({ title: z.string(), detail: z.string().optional(), help: z.string().optional() })
const itemsSchema = z.object({
  items: z.array(z.object({ index: z.int(), job: jobSchema.optional(), error: problemSchema.optional() })),
})
const pageSchema = z.object({ items: z.array(jobSchema), nextCursor: z.string().nullable() })

const actedSchema = z.object({
  items: z.array(z.object({ id: z.string(), job: jobSchema.nullish(), error: problemSchema.optional() })),
})

/** `problem`: why there is no job. */
export interface Acted {
  id: string
  job: Job | null
  problem: string
}

export interface ApiClient {
  /** One answer for each, in order. */
  submit(jobs: readonly JobRequest[]): Promise<Submitted[]>
  job(id: string): Promise<Job>
  jobs(query: { state?: string | undefined; limit: number }): Promise<Job[]>
  /** One answer for each: the job as it is then, or why not. */
  act(action: JobAction, ids: readonly string[]): Promise<Acted[]>
  media(id: string): Promise<Media>
}

/** A client of the HTTP API. Every call throws CliError with what the server said. */
export const createApiClient = ({ url, token }: ApiAddress): ApiClient => {
  const call = async <T>(schema: z.ZodType<T>, method: string, path: string, body?: unknown): Promise<T> => {
    const answer = await fetch(`${url}/api/v1${path}`, {
      method,
      headers: {
        authorization: `Bearer ${token}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      body: body === undefined ? null : JSON.stringify(body),
      signal: AbortSignal.timeout(ANSWERS_WITHIN_MS),
    }).catch((error: unknown) => {
      throw new CliError(`Sluice at ${url} does not answer (${causeOf(error)}).`)
    })
    const json: unknown = await answer.json().catch(() => null)
    if (!answer.ok) throw new CliError(textOfProblem(json) ?? `Sluice answered ${answer.status} to ${method} ${path}.`)
    const parsed = schema.safeParse(json)
    if (!parsed.success) throw new CliError(`Sluice at ${url} gave an answer of another version.`)
    return parsed.data
  }
  return {
    submit: async (jobs) => {
      const { items } = await call(itemsSchema, 'POST', '/jobs', { jobs })
      return items
        .toSorted((a, b) => a.index - b.index)
        .map(({ job, error }) => {
          if (job) return { job }
          return { error: { message: textOfProblem(error) ?? 'It was not accepted.', help: error?.help ?? null } }
        })
    },
    job: (id) => call(jobSchema, 'GET', `/jobs/${encodeURIComponent(id)}`),
    jobs: async ({ state, limit }) => {
      const query = new URLSearchParams({ limit: String(limit), ...(state === undefined ? {} : { state }) })
      return (await call(pageSchema, 'GET', `/jobs?${query.toString()}`)).items
    },
    act: async (action, ids) => {
      const { items } = await call(actedSchema, 'POST', '/jobs/actions', { action, ids })
      return items.map(({ id, job, error }) => ({
        id,
        job: job ?? null,
        problem: textOfProblem(error) ?? 'It was refused.',
      }))
    },
    media: (id) => call(mediaSchema, 'GET', `/media/${encodeURIComponent(id)}`),
  }
}

const textOfProblem = (value: unknown): string | null => {
  const problem = problemSchema.safeParse(value)
  if (!problem.success) return null
  return problem.data.detail ?? problem.data.title
}

const causeOf = (error: unknown): string => {
  if (!(error instanceof Error)) return String(error)
  return error.cause instanceof Error ? error.cause.message || error.message : error.message
}
