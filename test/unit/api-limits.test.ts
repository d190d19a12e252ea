import { mkdir, mkdtemp, rm, symlink, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import { pino } from 'pino'
import { OWNER } from '../../api/access/principal.ts'
import { createRateLimit } from '../../api/http/rate-limit.ts'
import { findImportFile } from '../../api/import-file.ts'
import { startHeartbeatFallback } from '../../api/progress/heartbeat-fallback.ts'
import { createTickets } from '../../api/progress/tickets.ts'
import type { JobRow } from '../../catalog/job-row.ts'
import type { ProgressSample } from '../../contract/progress.ts'

describe('a rate limit', () => {
  test('lets a burst through, then one each interval, for each caller by itself', () => {
    let now = 1_000_000
    const count = createRateLimit({ burst: 3, everyMs: 2_000, now: () => now })
    for (let turn = 0; turn < 3; turn += 1) count('ada')
    expect(() => count('ada')).toThrow('Ask again in 2 s.')
    expect(() => count('bob')).not.toThrow()
    now += 1_999
    expect(() => count('ada')).toThrow('Ask again in 1 s.')
    now += 1
    expect(() => count('ada')).not.toThrow()
    expect(() => count('ada')).toThrow('Ask again in 2 s.')
    now += 60_000
    for (let turn = 0; turn < 3; turn += 1) count('ada')
    expect(() => count('ada')).toThrow('Ask again')
  })
})

describe('a ticket', () => {
  test('is good once, for 30 s', () => {
    let now = 0
    const tickets = createTickets(() => now)
    const first = tickets.issue(OWNER)
    expect(tickets.redeem(first.ticket)).toEqual(OWNER)
    expect(tickets.redeem(first.ticket)).toBeNull()
    const second = tickets.issue(OWNER)
    now += 30_000
    expect(tickets.redeem(second.ticket)).toBeNull()
    expect(tickets.redeem('guess')).toBeNull()
  })
})

describe('a file to import', () => {
  let root: string
  let importDir: string
  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), 'sluice-import-'))
    importDir = join(root, 'import')
    await mkdir(join(importDir, 'sub'), { recursive: true })
    await writeFile(join(root, 'secret.mp4'), 'secret')
    await writeFile(join(importDir, 'sub', 'a.mp4'), 'video')
    await symlink(join(root, 'secret.mp4'), join(importDir, 'link.mp4'))
    await symlink(join(importDir, 'sub', 'a.mp4'), join(importDir, 'inner.mp4'))
  })
  afterAll(() => rm(root, { recursive: true }))

  test('is found by its path under the folder, whole or not', async () => {
    expect(await findImportFile(importDir, 'sub/a.mp4')).toMatchObject({ file: 'sub/a.mp4' })
    expect(await findImportFile(importDir, './sub/../sub/a.mp4')).toMatchObject({ file: 'sub/a.mp4' })
    expect(await findImportFile(importDir, join(importDir, 'sub', 'a.mp4'))).toMatchObject({ file: 'sub/a.mp4' })
    expect(await findImportFile(importDir, 'inner.mp4')).toMatchObject({ file: 'sub/a.mp4' })
  })

  test.each([
    '../secret.mp4',
    'sub/../../secret.mp4',
    '/etc/passwd',
    'link.mp4',
    'none.mp4',
    'sub/a.mp4/x',
    'a\0b',
    '.',
    '..',
  ])('%j is not one', async (path) => {
    await expect(findImportFile(importDir, path)).rejects.toThrow(/^There is no file “.*” in the import folder\.$/s)
  })
  test('nor is a folder', async () => {
    await expect(findImportFile(importDir, 'sub')).rejects.toThrow('“sub” is not a file.')
  })

  test('has another version when it has changed', async () => {
    const before = await findImportFile(importDir, 'sub/a.mp4')
    await utimes(join(importDir, 'sub', 'a.mp4'), 1, 1)
    expect((await findImportFile(importDir, 'sub/a.mp4')).version).not.toBe(before.version)
  })
})

describe('the fallback to heartbeats', () => {
  afterEach(() => vi.useRealTimers())

  test('is silent while workers are heard, and feeds within 2 s once they are not', async () => {
    vi.useFakeTimers()
    let heardAt = Date.now()
    const refreshed: string[] = []
    const samples: ProgressSample[] = []
    const rows = [
      { id: 'a', kind: 'ingest', run: 2, state: 'running' },
      { id: 'b', kind: 'ingest', run: 1, state: 'accepted' },
    ] as JobRow[]
    const stop = startHeartbeatFallback({
      feed: {
        watchedJobs: () => rows,
        refresh: (ids) => refreshed.push(...ids),
        onSample: (sample) => samples.push(sample),
      },
      lastHeardAt: () => heardAt,
      readHeartbeats: async (workflowId) => [{ jobId: workflowId } as ProgressSample],
      log: pino({ level: 'silent' }),
    })
    for (let second = 0; second < 5; second += 1) {
      await vi.advanceTimersByTimeAsync(1_000)
      heardAt = Date.now()
    }
    expect(refreshed).toEqual([])
    await vi.advanceTimersByTimeAsync(2_000)
    expect(refreshed).toEqual(['a', 'b'])
    expect(samples).toEqual([{ jobId: 'ingest-a-r2' }])
    stop()
    await vi.advanceTimersByTimeAsync(10_000)
    expect(refreshed).toEqual(['a', 'b'])
  })
})
