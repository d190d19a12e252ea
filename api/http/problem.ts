import { z } from 'zod'
import { FAILURES, isFailureCode, SluiceError, type FailureCode } from '../../contract/failures.ts'

/** Answers to requests that are no failure of a job; those are in `contract/failures.ts`. */
const REQUEST_PROBLEMS = {
  Unauthenticated: { status: 401, title: 'Sign in first' },
  Forbidden: { status: 403, title: 'Your role does not allow this' },
  OriginRefused: { status: 403, title: 'Requests from other sites are refused' },
  HostRefused: { status: 421, title: 'This server is not reached under that name' },
  NotFound: { status: 404, title: 'Nothing is here' },
  JobNotFound: { status: 404, title: 'There is no such job' },
  MediaNotFound: { status: 404, title: 'There is no such media' },
  FileNotFound: { status: 404, title: 'There is no such file' },
  MethodNotAllowed: { status: 405, title: 'This address does not know that method' },
  StateConflict: { status: 409, title: 'The state of the job forbids this' },
  PreconditionFailed: { status: 412, title: 'The file has changed' },
  PayloadTooLarge: { status: 413, title: 'The body is too large' },
  UnsupportedContentType: { status: 415, title: 'The body is of the wrong type' },
  RangeNotSatisfiable: { status: 416, title: 'The file has no such range' },
  UpgradeRequired: { status: 426, title: 'This address speaks WebSocket' },
  IdempotencyMismatch: { status: 422, title: 'This Idempotency-Key was used with another body' },
  RateLimited: { status: 429, title: 'Too many requests' },
  NotReady: { status: 503, title: 'Something that this needs is away' },
  TimedOut: { status: 504, title: 'No answer came in time' },
} as const
export type ProblemCode = keyof typeof REQUEST_PROBLEMS | FailureCode

const titleOf = (code: ProblemCode): string =>
  isFailureCode(code) ? FAILURES[code].sentence.replace(/\.$/, '') : REQUEST_PROBLEMS[code].title
const statusOf = (code: ProblemCode): number =>
  isFailureCode(code) ? FAILURES[code].httpStatus : REQUEST_PROBLEMS[code].status

/** RFC 9457, with our `code` and the id to look the request up by. */
export const problemSchema = z
  .looseObject({
    type: z.string().describe('A URI that names this kind of problem'),
    title: z.string(),
    status: z.int(),
    detail: z.string(),
    code: z.string(),
    requestId: z.string(),
  })
  .meta({ id: 'Problem' })
export type ProblemBody = z.infer<typeof problemSchema>

/** An answer that is not the one asked for; thrown by handlers, written by the error handler. */
export class Problem extends Error {
  override readonly name = 'Problem'
  readonly code: ProblemCode
  readonly status: number
  /** Members beside the standard ones: `state`, `errors`, … */
  readonly extra: Record<string, unknown>
  readonly headers: Record<string, string>

  constructor(code: ProblemCode, detail?: string, more: Partial<Pick<Problem, 'extra' | 'headers' | 'cause'>> = {}) {
    super(detail ?? titleOf(code), more.cause === undefined ? undefined : { cause: more.cause })
    this.code = code
    this.status = statusOf(code)
    this.extra = more.extra ?? {}
    this.headers = more.headers ?? {}
  }

  body(requestId: string): ProblemBody {
    return {
      type: `urn:sluice:problem:${this.code}`,
      title: titleOf(this.code),
      status: this.status,
      detail: this.message,
      code: this.code,
      requestId,
      ...this.extra,
    }
  }
}

/** The problem that a thrown value amounts to. What is not known is `Internal`, and its text stays in the log. */
export const toProblem = (error: unknown): Problem => {
  if (error instanceof Problem) return error
  if (error instanceof SluiceError) {
    return error.code === 'Internal'
      ? new Problem('Internal', undefined, { cause: error })
      : new Problem(error.code, error.message, { extra: { help: FAILURES[error.code].help }, cause: error })
  }
  return fromHttpError(error) ?? new Problem('Internal', undefined, { cause: error })
}

/** Errors of express, body-parser and send, which carry `status` and sometimes `type` (http-errors). */
const fromHttpError = (error: unknown): Problem | null => {
  if (!(error instanceof Error) || !('status' in error)) return null
  const type = 'type' in error ? error.type : null
  if (type === 'entity.parse.failed') return new Problem('InvalidRequest', 'The body is not valid JSON.')
  switch (error.status) {
    case 400:
      return new Problem('InvalidRequest', error instanceof URIError ? 'The address is not valid.' : error.message)
    case 403:
    case 404:
      return new Problem('FileNotFound')
    case 412:
      return new Problem('PreconditionFailed')
    case 413:
      return new Problem('PayloadTooLarge', limitOf(error))
    case 415:
      return new Problem('UnsupportedContentType', error.message)
    case 416:
      return new Problem('RangeNotSatisfiable', undefined, { headers: headersOf(error) })
    default:
      return null
  }
}

/** Of body-parser: the most bytes that it reads. */
const limitOf = (error: Error): string | undefined =>
  'limit' in error && typeof error.limit === 'number'
    ? `At most ${error.limit / 1024} KiB are taken here: send it in parts.`
    : undefined

/** What `send` wants said with its error: the size of the file, for a range beyond it. */
const headersOf = (error: Error): Record<string, string> =>
  'headers' in error ? (error.headers as Record<string, string>) : {}
