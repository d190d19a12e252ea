/**
 * Every way a job can fail. Activities translate what tools say into one of these types; nothing else invents types.
 *
 * `tries` counts tool failures of this type within one step and run, the first included. Losing a worker, draining, and
 * outages of Temporal are not tool failures and never count.
 */
export interface FailurePolicy {
  /** Whether trying the same thing again can help without anybody doing anything. */
  readonly retryable: boolean
  /** How often a step may fail this way before the job fails; infinite for what is waited for. */
  readonly tries: number
  /** Wait before the second try; doubles each time up to `maxDelayMs`. A site's own Retry-After takes precedence. */
  readonly firstDelayMs: number
  readonly maxDelayMs: number
  /** HTTP status when this failure is the answer to a request. */
  readonly httpStatus: number
  /** What happened, for people. Used where the failure carries no more precise message. */
  readonly sentence: string
  /** What a person can do about it. */
  readonly help: string
}

const never = { retryable: false, tries: 1, firstDelayMs: 0, maxDelayMs: 0 } as const
const retried = (tries: number, firstDelayMs: number, maxDelayMs: number) =>
  ({ retryable: true, tries, firstDelayMs, maxDelayMs }) as const

export const FAILURES = {
  InvalidRequest: {
    ...never,
    httpStatus: 400,
    sentence: 'The request is not valid.',
    help: 'Correct what the message names and send it again.',
  },
  SourceNotFound: {
    ...never,
    httpStatus: 404,
    sentence: 'Nothing is at this address.',
    help: 'Check the address in a browser; the media may have been removed.',
  },
  SourceForbidden: {
    ...never,
    httpStatus: 403,
    sentence: 'The site refuses access to this media.',
    help: 'The media may be private, region-locked or need signing in.',
  },
  NeedsCookies: {
    ...never,
    httpStatus: 403,
    sentence: 'The site wants to see a signed-in browser.',
    help: 'Cookies of a signed-in browser are needed for this site.',
  },
  UnsupportedMedia: {
    ...never,
    httpStatus: 422,
    sentence: 'This is not media that Sluice can process.',
    help: 'The address must lead to one video or audio recording that has ended.',
  },
  LimitExceeded: {
    ...never,
    httpStatus: 422,
    sentence: 'The media is larger than the limit allows.',
    help: 'Raise the limit that the message names, or choose a smaller height.',
  },
  BlockedAddress: {
    ...never,
    httpStatus: 422,
    sentence: 'The address leads into a private network.',
    help: 'Addresses of private networks are refused unless SLUICE_ALLOW_ADDRESSES names them.',
  },
  SourceUnavailable: {
    ...retried(4, 1_000, 30_000),
    httpStatus: 502,
    sentence: 'The source does not answer as it should.',
    help: 'The site or the connection has a problem; retry the job later.',
  },
  SourceThrottled: {
    ...retried(6, 15_000, 600_000),
    httpStatus: 503,
    sentence: 'The site asks to be called less often.',
    help: 'Wait a while, then retry the job.',
  },
  ToolMissing: {
    ...never,
    httpStatus: 503,
    sentence: 'A program that this step needs is not there or does not start.',
    help: 'Run `npm run setup`, or correct the SLUICE_… setting that names the program; then retry the job.',
  },
  ToolCrashed: {
    ...retried(3, 1_000, 10_000),
    httpStatus: 500,
    sentence: 'A program ended with an error.',
    help: 'The details name the program and its last words.',
  },
  // By an operator or a system short of memory: no fault of its own or of the media's, so it has more tries than a crash.
  ToolKilled: {
    ...retried(10, 1_000, 10_000),
    httpStatus: 500,
    sentence: 'A program was ended by somebody else.',
    help: 'The machine may be short of memory; retry the job.',
  },
  ToolStalled: {
    ...retried(3, 1_000, 10_000),
    httpStatus: 504,
    sentence: 'A program made no progress and was stopped.',
    help: 'Retry the job; if it happens again the source may be broken.',
  },
  OutputInvalid: {
    ...retried(2, 1_000, 1_000),
    httpStatus: 500,
    sentence: 'A result was made but did not pass its checks.',
    help: 'Retry the job; if it happens again the source may be damaged.',
  },
  StorageUnavailable: {
    ...retried(10, 1_000, 30_000),
    httpStatus: 503,
    sentence: 'The place where files are kept cannot be used.',
    help: 'Check that the data directory exists and can be written to.',
  },
  // Waits for as long as it takes: what is finished is kept, and a person may have to make room.
  DiskFull: {
    ...retried(Infinity, 5_000, 60_000),
    httpStatus: 507,
    sentence: 'The disk is full.',
    help: 'Make room on the disk of the data directory, or raise SLUICE_DATA_QUOTA; the job goes on by itself.',
  },
  CatalogBusy: {
    ...retried(20, 250, 5_000),
    httpStatus: 503,
    sentence: 'The catalog database is busy.',
    help: 'Try again in a moment.',
  },
  WorkflowStuck: {
    ...never,
    httpStatus: 500,
    sentence: 'The workflow of this job cannot go on.',
    help: 'Open the job in the Temporal Web UI: its last workflow task says why.',
  },
  WorkflowTerminated: {
    ...never,
    httpStatus: 500,
    sentence: 'An operator ended the workflow of this job.',
    help: 'Retry the job to run it again.',
  },
  Internal: {
    ...never,
    httpStatus: 500,
    sentence: 'Something went wrong inside Sluice.',
    help: 'The log has the details under the job id; please report it.',
  },
} as const satisfies Record<string, FailurePolicy>

export type FailureCode = keyof typeof FAILURES

export const isFailureCode = (value: unknown): value is FailureCode =>
  typeof value === 'string' && Object.hasOwn(FAILURES, value)

/** What a job, a step or an attempt says about its failure: the `error` of clients. */
export interface Failure {
  code: FailureCode
  message: string
  step: string | null
  retryable: boolean
  help: string
}

/** What the thrower knows beyond the type; secrets and query strings already removed. */
export interface FailureDetails {
  tool?: string
  exitCode?: number | null
  signal?: string | null
  /** The end of what the tool wrote to stderr, at most 2,000 characters. */
  stderrTail?: string
  /** Milliseconds the source asked to wait. */
  retryAfterMs?: number
  /** Key of a file between steps that is gone: what made it has to run again, not what misses it. */
  missingKey?: string
}

/** A failure of a known type, thrown by tools, storage and catalog; the step wrapper hands it to Temporal. */
export class SluiceError extends Error {
  override readonly name = 'SluiceError'
  readonly code: FailureCode
  readonly details: FailureDetails

  constructor(code: FailureCode, message?: string, details: FailureDetails = {}, cause?: unknown) {
    super(message ?? FAILURES[code].sentence, cause === undefined ? undefined : { cause })
    this.code = code
    this.details = details
  }
}

/** The client's view of a failure. */
export const toFailure = (code: FailureCode, message: string | null, step: string | null): Failure => ({
  code,
  message: message ?? FAILURES[code].sentence,
  step,
  retryable: FAILURES[code].retryable,
  help: FAILURES[code].help,
})
