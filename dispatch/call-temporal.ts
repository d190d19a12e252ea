import type { WorkflowClient } from '@temporalio/client'
import type { OpenCalls } from './open-calls.ts'

/** Without a time limit the client would wait for ever for a server that is away. */
export const callTemporal = <T>(
  { client, timeoutMs, openCalls }: { client: WorkflowClient; timeoutMs: number; openCalls: OpenCalls },
  call: () => Promise<T>,
): Promise<T> =>
  openCalls.run((signal) => client.withAbortSignal(signal, () => client.withDeadline(Date.now() + timeoutMs, call)))
