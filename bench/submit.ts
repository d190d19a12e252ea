import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { connectDatabase } from '../catalog/connect.ts'
import { parseConfig } from '../config.ts'
import { createTestTemporal } from '../test/integration/dispatch-temporal.ts'
import { startApiProcess, type ApiProcess } from './api-process.ts'
import { percentile, type BenchResult } from './result.ts'

const RATES = [200, 500]
const SECONDS = 8
/** How long starting is watched; at the target it goes through 900 jobs. */
const STARTS_WATCHED_MS = 15_000

interface Measured {
  latencies: number[]
  failures: number
}

/**
 * `POST /jobs` under open-loop load, each rate beside a bare Express route in the same run; then how fast the accepted jobs
 * are started. Temporal runs and is being given the jobs meanwhile, on the same machine, as in operation.
 */
export const run = async (): Promise<BenchResult> => {
  const dataDir = await mkdtemp(join(tmpdir(), 'sluice-bench-'))
  const temporal = await createTestTemporal()
  await temporal.start()
  const api = await startApiProcess({ dataDir, temporalAddress: temporal.address })
  const bare = await startBareExpress()
  const table = [['route', 'requests/s', 'answers', 'failed', 'p50 ms', 'p99 ms', 'worst ms']]
  const metrics: Record<string, number> = {}
  try {
    for (const perSecond of RATES) {
      const routes: [string, Measured][] = [
        ['bare', await measure({ url: `http://127.0.0.1:${bare.port}/`, headers: {}, perSecond })],
        ['jobs', await measure({ ...jobsRoute(api), perSecond })],
      ]
      for (const [name, { latencies, failures }] of routes) {
        const [p50, p99, worst] = [0.5, 0.99, 1].map((fraction) => percentile(latencies, fraction))
        const figures = [p50, p99, worst].map((value) => (value ?? Number.NaN).toFixed(1))
        table.push([name, String(perSecond), String(latencies.length), String(failures), ...figures])
        metrics[`${name}_p50_ms_${perSecond}`] = p50 ?? Number.NaN
        metrics[`${name}_p99_ms_${perSecond}`] = p99 ?? Number.NaN
        metrics[`${name}_failed_${perSecond}`] = failures
      }
    }
    metrics['starts_per_second'] = await measureStarts(dataDir)
  } finally {
    bare.stop()
    await api.stop()
    await temporal.dispose()
    await rm(dataDir, { recursive: true, force: true })
  }
  return {
    bench: 'submit',
    table,
    notes: [
      `Latency counts from when a request was due. Workflows started: ${metrics['starts_per_second'].toFixed(0)} a second.`,
    ],
    metrics,
    targets: {
      ...Object.fromEntries(RATES.map((perSecond) => [`jobs_p99_ms_${perSecond}`, { max: 10 }])),
      ...Object.fromEntries(RATES.map((perSecond) => [`jobs_failed_${perSecond}`, { max: 0 }])),
      starts_per_second: { min: 60 },
    },
  }
}

const jobsRoute = ({ port, token }: ApiProcess) => ({
  url: `http://127.0.0.1:${port}/api/v1/jobs`,
  headers: { authorization: `Bearer ${token}` },
})

const measure = async (target: {
  url: string
  headers: Record<string, string>
  perSecond: number
}): Promise<Measured> => {
  const script = fileURLToPath(new URL('open-loop.ts', import.meta.url))
  const load = JSON.stringify({ ...target, body: '{"url":"https://bench.example/#"}', seconds: SECONDS })
  const options = { maxBuffer: 64 * 1024 * 1024 }
  const { stdout } = await promisify(execFile)(process.execPath, ['--import', 'tsx', script, load], options)
  return JSON.parse(stdout) as Measured
}

const startBareExpress = async () => {
  const script = fileURLToPath(new URL('bare-express.ts', import.meta.url))
  const child = spawn(process.execPath, ['--import', 'tsx', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, NODE_ENV: 'production' },
  })
  const [line] = (await once(createInterface({ input: child.stdout }), 'line')) as [string]
  return { port: (JSON.parse(line) as { port: number }).port, stop: () => child.kill() }
}

/** Jobs that Temporal confirmed, per second, while more than it can start are waiting. */
const measureStarts = async (dataDir: string): Promise<number> => {
  const knex = await connectDatabase(parseConfig({ SLUICE_DATA: dataDir }))
  const count = async (where: 'whereNull' | 'whereNotNull'): Promise<number> => {
    const [row] = (await knex('jobs')[where]('started_at').count({ count: '*' })) as { count: number }[]
    return Number(row?.count ?? 0)
  }
  try {
    const before = await count('whereNotNull')
    const startedAt = performance.now()
    while ((await count('whereNull')) > 0 && performance.now() - startedAt < STARTS_WATCHED_MS) await sleep(100)
    const seconds = (performance.now() - startedAt) / 1_000
    return ((await count('whereNotNull')) - before) / seconds
  } finally {
    await knex.destroy()
  }
}
