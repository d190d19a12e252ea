import { z } from 'zod'
import { failureSchema, jobSchema } from './jobs.ts'
import { JOB_STATES, STEP_NAMES, WAITING_FOR } from './names.ts'

/** The progress socket, `GET /api/v1/progress`: one JSON object a message. */
export const SOCKET_PROTOCOL = 'sluice.v1'
export const SOCKET_LIMITS = {
  /** Largest message a client may send; beyond it the socket closes with 1009. */
  messageBytes: 16 * 1024,
  /** Most job ids in one subscription. */
  subscriptionIds: 1_000,
  /** Unsent bytes at which a socket is closed with 1013; the next snapshot heals. */
  bufferedBytes: 1024 * 1024,
  pingEveryMs: 15_000,
  missedPongs: 2,
  /** Jobs that a subscription to all begins with. */
  allSnapshots: 500,
  ticketTtlMs: 30_000,
} as const

export const clientMessageSchema = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('subscribe'),
    jobs: z.array(z.string()).max(SOCKET_LIMITS.subscriptionIds).optional(),
    all: z.literal(true).optional(),
  }),
  z.object({ type: z.literal('unsubscribe'), jobs: z.array(z.string()).max(SOCKET_LIMITS.subscriptionIds) }),
  z.object({ type: z.literal('ping') }),
])
export type ClientMessage = z.infer<typeof clientMessageSchema>

export const progressMessageSchema = z.object({
  type: z.literal('progress'),
  jobId: z.string(),
  step: z.enum(STEP_NAMES),
  part: z.string().nullable(),
  attempt: z.int(),
  seq: z.int(),
  percent: z.number().nullable(),
  done: z.number(),
  total: z.number().nullable(),
  unit: z.enum(['bytes', 'mediaMs', 'frames', 'items']),
  rate: z.number().nullable(),
  etaMs: z.number().nullable(),
  jobPercent: z.number().nullable(),
  at: z.number().describe('Epoch ms at which the worker read the tool’s line'),
})
export type ProgressMessage = z.infer<typeof progressMessageSchema>

export const stateMessageSchema = z.object({
  type: z.literal('state'),
  jobId: z.string(),
  revision: z.int(),
  state: z.enum(JOB_STATES),
  waitingFor: z.enum(WAITING_FOR).nullable(),
  /** A step that changed, whole; null where only the job did. Several that change at once are one message each, of equal revision. */
  step: jobSchema.shape.steps.element.nullable(),
  error: failureSchema.nullable(),
  at: z.number(),
})
export type StateMessage = z.infer<typeof stateMessageSchema>

export const serverMessageSchema = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('subscribed'),
    jobs: z.array(z.string()),
    rejected: z.array(z.object({ id: z.string(), code: z.literal('JobNotFound') })),
  }),
  z.object({ type: z.literal('snapshot'), job: jobSchema }),
  progressMessageSchema,
  stateMessageSchema,
  z.object({ type: z.literal('removed'), jobId: z.string() }),
  z.object({ type: z.literal('pong') }),
  z.object({ type: z.literal('error'), code: z.string(), message: z.string() }),
])
export type ServerMessage = z.infer<typeof serverMessageSchema>
