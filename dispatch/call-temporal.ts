import type { WorkflowClient } from '@temporalio/client'

/** Without a time limit the client would wait for ever for a server that is away. */
export const callTemporal = <T>(
  { client, timeoutMs, signal }: { client: WorkflowClient; timeoutMs: number; signal: AbortSignal },
  call: () => Promise<T>,
): Promise<T> => client.withAbortSignal(signal, () => client.withDeadline(Date.now() + timeoutMs, call))
