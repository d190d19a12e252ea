import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { WebSocket } from 'ws'
import { SOCKET_PROTOCOL, type ServerMessage } from '../contract/socket.ts'
import { BUS_PATH } from '../progress/bus-secret.ts'
import { startApiProcess, type ApiProcess } from './api-process.ts'
import { exactNow } from './exact-now.ts'
import { percentile, type BenchResult } from './result.ts'

const UPDATES_PER_SECOND = 10
const WARM_UP_UPDATES = 30
const MEASURED_UPDATES = 150
/** Lines carry numbers; those from here on count. */
const FIRST_MEASURED = 1_000
const SOCKETS = [1, 100]
/** Nothing listens on the port of `discard`: the API is measured without Temporal's share of the machine. */
const NO_TEMPORAL = '127.0.0.1:9'

/**
 * From the moment a worker has read a tool's line to the moment a client has the message: worker, API and clients are three
 * processes, joined as in operation.
 */
export const run = async (): Promise<BenchResult> => {
  const dataDir = await mkdtemp(join(tmpdir(), 'sluice-bench-'))
  const api = await startApiProcess({ dataDir, temporalAddress: NO_TEMPORAL })
  const table = [['sockets', 'messages', 'lost', 'p50 ms', 'p99 ms', 'worst ms']]
  const metrics: Record<string, number> = {}
  try {
    for (const sockets of SOCKETS) {
      const latencies = await measure({ api, dataDir, sockets })
      const [p50, p99, worst] = [0.5, 0.99, 1].map((fraction) => percentile(latencies, fraction))
      const lost = sockets * MEASURED_UPDATES - latencies.length
      const figures = [p50, p99, worst].map((value) => (value ?? Number.NaN).toFixed(2))
      table.push([String(sockets), String(latencies.length), String(lost), ...figures])
      metrics[`p50_ms_${sockets}`] = p50 ?? Number.NaN
      metrics[`p99_ms_${sockets}`] = p99 ?? Number.NaN
      metrics[`lost_${sockets}`] = lost
    }
  } finally {
    await api.stop()
    await rm(dataDir, { recursive: true, force: true })
  }
  return {
    bench: 'progress',
    table,
    notes: [`${UPDATES_PER_SECOND} updates a second of one job; every socket watches it.`],
    metrics,
    targets: Object.fromEntries(
      SOCKETS.flatMap((sockets) => [
        [`p50_ms_${sockets}`, { max: 3 }],
        [`p99_ms_${sockets}`, { max: 10 }],
        [`lost_${sockets}`, { max: 0 }],
      ]),
    ),
  }
}

const measure = async ({ api, dataDir, sockets }: { api: ApiProcess; dataDir: string; sockets: number }) => {
  const jobId = await submitJob(api)
  const arrived: { data: Buffer; at: number }[] = []
  // Read afterwards: what a hundred clients make of a message is not the way of the message.
  const record = (data: Buffer) => arrived.push({ data, at: exactNow() })
  const clients = await Promise.all(Array.from({ length: sockets }, () => watch(api, jobId, record)))
  const script = fileURLToPath(new URL('progress-worker.ts', import.meta.url))
  const url = `ws://127.0.0.1:${api.port}${BUS_PATH}`
  const worker = spawn(process.execPath, ['--import', 'tsx', script, url, dataDir, jobId], {
    stdio: ['pipe', 'inherit', 'inherit'],
  })
  // Until the link is open, samples are dropped: the warm-up begins with the first that arrives.
  const linked = once(clients[0] ?? new WebSocket(''), 'message')
  const knocking = setInterval(() => worker.stdin.write('0\n'), 50)
  await linked
  clearInterval(knocking)
  for (let update = -WARM_UP_UPDATES; update < MEASURED_UPDATES; update += 1) {
    worker.stdin.write(`${FIRST_MEASURED + update}\n`)
    await sleep(1_000 / UPDATES_PER_SECOND)
  }
  const ended = once(worker, 'exit')
  worker.stdin.end()
  await ended
  for (const client of clients) client.terminate()
  return arrived.flatMap(({ data, at }) => {
    const message = JSON.parse(data.toString()) as ServerMessage
    return message.type === 'progress' && message.done >= FIRST_MEASURED ? [at - message.at] : []
  })
}

const submitJob = async ({ port, token }: ApiProcess): Promise<string> => {
  const response = await fetch(`http://127.0.0.1:${port}/api/v1/jobs`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify({ url: 'https://bench.example/', force: true }),
  })
  return ((await response.json()) as { id: string }).id
}

/** A client that has had its snapshot. */
const watch = async (api: ApiProcess, jobId: string, onMessage: (data: Buffer) => void): Promise<WebSocket> => {
  const socket = new WebSocket(`ws://127.0.0.1:${api.port}/api/v1/progress`, SOCKET_PROTOCOL, {
    headers: { authorization: `Bearer ${api.token}` },
    perMessageDeflate: false,
  })
  await once(socket, 'open')
  const snapshot = new Promise<void>((resolve) => {
    socket.on('message', (data: Buffer) => {
      if ((JSON.parse(data.toString()) as ServerMessage).type === 'snapshot') resolve()
    })
  })
  socket.send(JSON.stringify({ type: 'subscribe', jobs: [jobId] }))
  await snapshot
  socket.removeAllListeners('message').on('message', onMessage)
  return socket
}
