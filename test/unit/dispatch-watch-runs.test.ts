import type { WorkflowClient } from '@temporalio/client'
import { pino } from 'pino'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { createRunWatcher } from '../../dispatch/watch-runs.ts'

beforeEach(() => void vi.useFakeTimers({ toFake: ['Date'] }))
afterEach(() => void vi.useRealTimers())

it('looks as far back as it has not seen, where Temporal did not answer for a while', async () => {
  const askedSince: string[] = []
  let isAway = false
  const list = ({ query }: { query: string }) => {
    const [, since = ''] = /StartTime > '([^']+)'/.exec(query) ?? []
    askedSince.push(since)
    if (isAway) throw new Error('it does not answer')
    return []
  }
  const client = { list, withDeadline: (_: number, call: () => unknown) => call() } as unknown as WorkflowClient
  const jobs = { getMany: async () => [] } as never
  const log = pino({ level: 'silent' })
  const watcher = createRunWatcher({ client, jobs, log, onChanged: () => {}, intervalMs: 3_600_000 })
  vi.setSystemTime('2026-01-01T12:00:00.000Z')
  await watcher.runOnce()
  isAway = true
  vi.setSystemTime('2026-01-01T12:00:40.000Z')
  await expect(watcher.runOnce()).rejects.toThrow('does not answer')
  isAway = false
  vi.setSystemTime('2026-01-01T12:01:00.000Z')
  await watcher.runOnce()
  await watcher.runOnce()
  await watcher.stop()
  // Visibility may lag by 15 s.
  expect(askedSince.slice(2)).toEqual(['2026-01-01T11:59:45.000Z', '2026-01-01T12:00:45.000Z'])
})
