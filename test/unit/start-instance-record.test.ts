import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { readInstance } from '../../scripts/instance-file.ts'
import { createInstanceRecord, type InstanceRecord } from '../../scripts/instance-record.ts'
import { instanceFacts } from './instance-facts.ts'

let folder: string
let record: InstanceRecord
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sluice-record-'))
})
afterEach(() => {
  record.remove()
  rmSync(folder, { recursive: true, force: true })
})

it('outlives a disk that takes nothing, and is written when it does again', async () => {
  const dataDir = join(folder, 'away')
  const said: string[] = []
  const processes = [{ name: 'api', pid: () => process.pid }]
  record = createInstanceRecord({ dataDir, say: (line) => said.push(line), processes })
  record.begin(instanceFacts())
  expect(record.update).not.toThrow()
  record.update()
  expect(said).toEqual([expect.stringContaining('cannot be written')])
  mkdirSync(dataDir)
  await vi.waitFor(
    () => expect(readInstance(dataDir)?.processes).toMatchObject([{ name: 'api', pid: process.pid }]),
    30_000,
  )
})
