import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { pino } from 'pino'
import { createLoopbackLink } from '../progress/loopback-link.ts'
import { exactNow } from './exact-now.ts'

/**
 * What a worker does with a tool's progress, in a process of its own: reads a line from a pipe, takes the time, publishes.
 * Arguments: the link's address, the data directory, a job id.
 */
const [url = '', dataDir = '', jobId = ''] = process.argv.slice(2)
const link = createLoopbackLink({ url, dataDir, log: pino({ level: 'silent' }) })

const FIXED = { run: 1, step: 'download', part: null, share: 1, attempt: 1, total: 100, unit: 'bytes' } as const
let seq = 0
const lines = createInterface({ input: process.stdin })
lines.on('line', (line) => {
  const at = exactNow()
  seq += 1
  const done = Number(line)
  link.publish({
    type: 'progress',
    sample: { ...FIXED, rate: null, etaMs: null, jobId, seq, percent: done % 100, done, at },
  })
})
await once(lines, 'close')
await link.close()
