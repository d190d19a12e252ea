import type { WorkflowClient } from '@temporalio/client'
import { pino } from 'pino'
import { expect, it, onTestFinished } from 'vitest'
import type { JobRow } from '../../catalog/job-row.ts'
import { createDispatcher } from '../../dispatch/dispatcher.ts'

const MANY = 40

/** A Temporal that takes cancellations and does not answer them. */
const silentClient = () => {
  const signals: AbortSignal[] = []
  const client = {
    withAbortSignal: (signal: AbortSignal, call: () => Promise<unknown>) =>
      Promise.race([
        call(),
        new Promise((_, reject) => {
          signals.push(signal)
          if (signal.aborted) reject(signal.reason as Error)
          signal.addEventListener('abort', () => reject(signal.reason as Error))
        }),
      ]),
    withDeadline: (_: number, call: () => Promise<unknown>) => call(),
    getHandle: () => ({ cancel: () => new Promise(() => {}) }),
  }
  return { client: client as unknown as WorkflowClient, signals }
}

it('has any number of calls under way without a listener for each on one signal, and ends all with itself', async () => {
  const warnings: string[] = []
  const onWarning = ({ name, message }: Error) => void warnings.push(`${name}: ${message}`)
  process.on('warning', onWarning)
  onTestFinished(() => void process.off('warning', onWarning))
  const none = async () => []
  const { client, signals } = silentClient()
  const dispatcher = createDispatcher({
    client,
    jobs: { claimForDispatch: none, intentsToPassOn: none, releaseDispatch: none, markStarted: none } as never,
    log: pino({ level: 'silent' }),
    onChanged: () => {},
  })
  for (let id = 0; id < MANY; id += 1) {
    dispatcher.carry({ kind: 'ingest', id: String(id), run: 1, cancelRequested: true } as JobRow)
  }
  await dispatcher.stop()
  expect(signals.map(({ aborted }) => aborted)).toEqual(Array.from({ length: MANY }, () => true))
  expect(warnings).toEqual([])
})
