import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { expect, it, onTestFinished } from 'vitest'

/** As the supervisor runs it. */
const WORKER = fileURLToPath(new URL('../../dist/worker.js', import.meta.url))

it('lets a worker end that still waits for Temporal, with its progress link open', async () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'sluice-worker-'))
  const child = spawn(process.execPath, [WORKER], {
    env: {
      PATH: process.env['PATH'],
      SLUICE_DATA: dataDir,
      // Ports that nothing listens on.
      TEMPORAL_ADDRESS: '127.0.0.1:1',
      SLUICE_BUS_URL: 'ws://127.0.0.1:1/internal/bus',
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  onTestFinished(() => {
    child.kill('SIGKILL')
    rmSync(dataDir, { recursive: true, force: true })
  })
  let complaints = ''
  child.stderr.on('data', (chunk: Buffer) => (complaints += chunk.toString()))
  for await (const line of createInterface({ input: child.stdout })) {
    if (line.includes('Temporal does not answer')) break
  }
  child.kill('SIGTERM')
  expect(await once(child, 'exit')).toEqual([0, null])
  expect(complaints).toBe('')
})
