/** RFC 9457, as every error of the API comes. */
export interface Problem {
  type: string
  title: string
  status: number
  detail: string
  code: string
  requestId: string | null
}

/** An answer that is not a success; the message is the problem's own sentence for people. */
export class ProblemError extends Error {
  override readonly name = 'ProblemError'
  readonly problem: Problem

  constructor(problem: Problem) {
    super(problem.detail || problem.title)
    this.problem = problem
  }
}

/** The server could not be reached at all. */
export class UnreachableError extends Error {
  override readonly name = 'UnreachableError'

  constructor(cause: unknown) {
    super('Sluice does not answer. Is it still running?', { cause })
  }
}

export const isSignedOut = (error: unknown): boolean => error instanceof ProblemError && error.problem.status === 401

const text = (value: unknown): string => (typeof value === 'string' ? value : '')

/** A problem out of whatever a server, or a proxy before it, has answered. */
export const toProblem = (status: number, body: unknown): Problem => {
  const fields: Record<string, unknown> = typeof body === 'object' && body !== null ? { ...body } : {}
  return {
    type: text(fields['type']) || 'about:blank',
    title: text(fields['title']) || `The server answered ${status}.`,
    status,
    detail: text(fields['detail']),
    code: text(fields['code']),
    requestId: text(fields['requestId']) || null,
  }
}

interface RequestInput {
  method?: 'GET' | 'POST' | 'PATCH' | 'DELETE'
  body?: unknown
  signal?: AbortSignal | undefined
}

const parseBody = (contentType: string, body: string): unknown => {
  if (body === '' || !/[/+]json\b/.test(contentType)) return null
  return JSON.parse(body)
}

/**
 * One call of `/api/v1`, with the page's cookie. The body is trusted to have the shape that the contract promises.
 * @throws ProblemError for every status that is not a success, UnreachableError where nothing answers.
 */
export const request = async <Answer>(path: string, input: RequestInput = {}): Promise<Answer> => {
  const init: RequestInit = { method: input.method ?? 'GET', headers: { accept: 'application/json' } }
  if (input.signal) init.signal = input.signal
  if (input.body !== undefined) {
    init.body = JSON.stringify(input.body)
    init.headers = { accept: 'application/json', 'content-type': 'application/json' }
  }
  const response = await fetch(`/api/v1${path}`, init).catch((error: unknown) => {
    if (input.signal?.aborted) throw error
    throw new UnreachableError(error)
  })
  const body = parseBody(response.headers.get('content-type') ?? '', await response.text())
  if (!response.ok) throw new ProblemError(toProblem(response.status, body))
  return body as Answer
}

/** `?a=1&b=2` of what is given; empty and absent values are left out. */
export const queryString = (values: Record<string, string | number | null | undefined>): string => {
  const search = new URLSearchParams()
  for (const [name, value] of Object.entries(values)) {
    if (value !== null && value !== undefined && value !== '') search.set(name, String(value))
  }
  const encoded = search.toString()
  return encoded === '' ? '' : `?${encoded}`
}

export interface Listing<Item> {
  items: Item[]
  nextCursor: string | null
}
