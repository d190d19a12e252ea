import type { WorkflowClient } from '@temporalio/client'
import { pino } from 'pino'
import { expect, it } from 'vitest'
import type { JobRow } from '../../catalog/job-row.ts'
import { lookAfterJob } from '../../dispatch/look-after-job.ts'

/** Asks about a running job whose workflow task is at an attempt, and of which the server says something. */
const problemsNoted = async (attempt: number, said: string[] | null): Promise<unknown[]> => {
  const data = new TextEncoder().encode(JSON.stringify(said))
  const searchAttributes = { indexedFields: said ? { TemporalReportedProblems: { data } } : {} }
  const raw = { pendingWorkflowTask: { attempt }, workflowExecutionInfo: { searchAttributes } }
  const client = {
    withDeadline: (_: number, call: () => Promise<unknown>) => call(),
    getHandle: () => ({ describe: async () => ({ status: { name: 'RUNNING' }, raw }) }),
  } as unknown as WorkflowClient
  const noted: unknown[] = []
  const jobs = {
    noteProblem: async (_: unknown, problem: { code: string } | null) => {
      noted.push(problem?.code ?? null)
      return null
    },
  } as never
  const job = { kind: 'ingest', id: 'a', run: 1, cancelRequested: false, error: null } as JobRow
  await lookAfterJob({ client, jobs, log: pino({ level: 'silent' }), onChanged: () => {} }, job)
  return noted
}

it.each([
  ['fail', 9, ['category=WorkflowTaskFailed', 'cause=WorkflowTaskFailedCauseNonDeterministicError'], ['WorkflowStuck']],
  ['come too late', 9, ['category=WorkflowTaskTimedOut', 'cause=WorkflowTaskTimedOutCauseStartToClose'], []],
  ['fail, on a server that does not say how', 9, null, ['WorkflowStuck']],
  ['failed once or twice', 3, null, []],
])('of a workflow whose tasks %s says what is so', async (_, attempt, said, noted) => {
  expect(await problemsNoted(attempt, said)).toEqual(noted)
})
