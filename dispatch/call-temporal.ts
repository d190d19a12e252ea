import type { WorkflowClient } from '@temporalio/client'

/**
 * Without a time limit the client would wait for ever for a server that is away. `signal` is one for the life of a process,
 * and the client never takes its listeners off, so each call gets a signal of its own.
 */
export const callTemporal = async <T>(
  { client, timeoutMs, signal }: { client: WorkflowClient; timeoutMs: number; signal: AbortSignal },
  call: () => Promise<T>,
): Promise<T> => {
  const own = new AbortController()
  const abort = () => own.abort(signal.reason)
  signal.addEventListener('abort', abort)
  if (signal.aborted) abort()
  try {
    return await client.withAbortSignal(own.signal, () => client.withDeadline(Date.now() + timeoutMs, call))
  } finally {
    signal.removeEventListener('abort', abort)
  }
}
