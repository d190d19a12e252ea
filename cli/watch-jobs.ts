import type { Job } from '../contract/jobs.ts'
import type { ServerMessage, StateMessage } from '../contract/socket.ts'
import type { ApiClient, ApiAddress } from './api-client.ts'
import { CliError } from './cli-error.ts'
import { createDisplay, type Display } from './display.ts'
import { createJobBoard } from './job-board.ts'
import { followJobs } from './progress-socket.ts'

/** A server that restarts is back in seconds; after this it is not coming back by itself. */
const GIVE_UP_AFTER_MS = 60_000

export interface WatchOptions {
  address: ApiAddress
  client: ApiClient
  ids: readonly string[]
  stream: NodeJS.WriteStream
  signal: AbortSignal
  /** For those who want to say something above the bars. */
  onDisplay?: (display: Display | null) => void
}

/**
 * Shows jobs until all of them have ended.
 * @returns The jobs as they ended; those that were deleted meanwhile are left out.
 * @throws CliError where the server stays away; `signal.reason` when aborted.
 */
export const watchJobs = async ({ address, client, ids, stream, signal, onDisplay }: WatchOptions): Promise<Job[]> => {
  const board = createJobBoard(ids)
  const display = createDisplay(board, stream)
  onDisplay?.(display)
  // What changes is told step by step; the title that was found only by the job as a whole.
  const showTitle = async (id: string) => {
    const job = await client.job(id).catch(() => null)
    if (job) board.take({ type: 'snapshot', job })
    display.changed()
  }
  let stop = () => {}
  try {
    await new Promise<void>((resolve, reject) => {
      signal.throwIfAborted()
      signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true })
      stop = followJobs({
        ...address,
        jobs: ids,
        onMessage: (message) => {
          board.take(message)
          display.changed()
          if (isResolved(message)) void showTitle(message.jobId)
          if (board.allEnded()) resolve()
        },
        onAway: (awayMs) => {
          if (awayMs > GIVE_UP_AFTER_MS) reject(new CliError(`Sluice at ${address.url} has been away for a minute.`))
        },
      })
    })
  } finally {
    stop()
    display.end()
    onDisplay?.(null)
  }
  const known = new Set(board.jobs().map(({ id }) => id))
  // Once more and whole: a message says what has changed, not what came out.
  return Promise.all(ids.filter((id) => known.has(id)).map((id) => client.job(id)))
}

const isResolved = (message: ServerMessage): message is StateMessage =>
  message.type === 'state' && message.step?.name === 'resolve' && message.step.state === 'succeeded'
