import { EventEmitter, once } from 'node:events'
import { mkdtemp, rm, stat } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import type { BusMessage, ProgressSample } from '../../contract/progress.ts'
import { BUS_PATH, readBusSecret } from '../../progress/bus-secret.ts'
import type { ProgressPublisher } from '../../progress/bus.ts'
import { createLoopbackHub, type LoopbackHub } from '../../progress/loopback-hub.ts'
import { createLoopbackLink } from '../../progress/loopback-link.ts'

const log = pino({ level: 'silent' })
const cleanups: (() => unknown)[] = []
let dataDir: string

const sample = (seq: number): ProgressSample => ({
  jobId: '0193a000-0000-7000-8000-000000000001',
  run: 1,
  step: 'download',
  part: null,
  share: 1,
  attempt: 1,
  seq,
  percent: seq,
  done: seq,
  total: 100,
  unit: 'bytes',
  rate: null,
  etaMs: null,
  at: Date.now(),
})

/** A hub on a server of its own, with its messages as events. */
const startHub = async (
  port = 0,
  secret?: string,
): Promise<{ hub: LoopbackHub; port: number; events: EventEmitter }> => {
  const hub = createLoopbackHub({ secret: secret ?? (await readBusSecret(dataDir)), log })
  const server = createServer()
  server.on('upgrade', hub.upgrade)
  await listen(server, port)
  const events = new EventEmitter()
  hub.onMessage((message) => events.emit('message', message))
  cleanups.push(() => {
    hub.close()
    server.close()
  })
  return { hub, port: (server.address() as AddressInfo).port, events }
}
const listen = (server: Server, port: number) =>
  new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, '127.0.0.1', resolve)
  })
const linkTo = (port: number): ProgressPublisher => {
  const link = createLoopbackLink({ url: `ws://127.0.0.1:${port}${BUS_PATH}`, dataDir, log })
  cleanups.push(() => link.close())
  return link
}
/** Publishes until the hub says it has come: the link opens in its own time. */
const publishUntilHeard = async (link: ProgressPublisher, events: EventEmitter): Promise<void> => {
  const heard = once(events, 'message')
  const repeat = setInterval(() => link.publish({ type: 'progress', sample: sample(0) }), 5)
  await heard
  clearInterval(repeat)
}

beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'sluice-link-'))
})
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
  await rm(dataDir, { recursive: true })
})

describe('the bus secret', () => {
  test('is one secret for all who ask at once, readable by its owner alone', async () => {
    const secrets = await Promise.all(Array.from({ length: 20 }, () => readBusSecret(dataDir)))
    expect(new Set(secrets).size).toBe(1)
    expect(secrets[0]).toMatch(/^[\w-]{43}$/)
    const { mode } = await stat(join(dataDir, 'keys', 'bus-secret'))
    expect(mode & 0o777).toBe(0o600)
  })
})

describe('the progress link', () => {
  test('carries messages in order and counts as a sign of life', async () => {
    const { hub, port, events } = await startHub()
    expect(hub.lastHeardAt()).toBe(0)
    const link = linkTo(port)
    await publishUntilHeard(link, events)
    const publishedAt = Date.now()
    const received: number[] = []
    const done = new Promise<void>((resolve) => {
      hub.onMessage((message) => {
        if (message.type === 'progress' && message.sample.seq > 0) received.push(message.sample.seq)
        if (message.type === 'changed') resolve()
      })
    })
    for (let seq = 1; seq <= 500; seq += 1) link.publish({ type: 'progress', sample: sample(seq) })
    link.publish({ type: 'changed', jobId: 'a', revision: 1 })
    await done
    expect(received).toEqual(Array.from({ length: 500 }, (_, index) => index + 1))
    expect(hub.lastHeardAt()).toBeGreaterThanOrEqual(publishedAt)
  })

  test('is refused without the right secret', async () => {
    const { port } = await startHub()
    const stranger = new WebSocket(`ws://127.0.0.1:${port}${BUS_PATH}`, { headers: { authorization: 'Bearer guess' } })
    const [error] = (await once(stranger, 'error')) as [Error]
    expect(error.message).toContain('401')
  })

  test('comes back when the API does, with the newest hint per job and without the old samples', async () => {
    const first = await startHub()
    const link = linkTo(first.port)
    await publishUntilHeard(link, first.events)
    for (const cleanup of cleanups.splice(0, 1)) await cleanup()
    await expect.poll(() => first.hub.linkCount()).toBe(0)

    // The link learns of the loss in its own time, so the same is said again and again; what is kept must not grow by it.
    const repeat = setInterval(() => {
      link.publish({ type: 'progress', sample: sample(1) })
      link.publish({ type: 'changed', jobId: 'a', revision: 6 })
      link.publish({ type: 'changed', jobId: 'b', revision: 2 })
      link.publish({ type: 'changed', jobId: 'a', revision: 7 })
    }, 10)
    cleanups.push(() => clearInterval(repeat))
    const second = createLoopbackHub({ secret: await readBusSecret(dataDir), log })
    const messages: BusMessage[] = []
    second.onMessage((message) => messages.push(message))
    const server = createServer()
    server.on('upgrade', second.upgrade)
    await listen(server, first.port)
    cleanups.unshift(() => {
      second.close()
      server.close()
    })
    await expect.poll(() => messages.length).toBeGreaterThanOrEqual(2)
    expect(messages.slice(0, 2)).toEqual([
      { type: 'changed', jobId: 'b', revision: 2 },
      { type: 'changed', jobId: 'a', revision: 7 },
    ])
  })

  test('says each second that it lives, with nothing to publish', async () => {
    const { hub, port } = await startHub()
    linkTo(port)
    await expect.poll(() => hub.lastHeardAt()).toBeGreaterThan(0)
    const opened = hub.lastHeardAt()
    await expect.poll(() => hub.lastHeardAt()).toBeGreaterThan(opened)
  })

  test('keeps a bounded number of hints while nobody listens', async () => {
    const { port, hub } = await startHub()
    for (const cleanup of cleanups.splice(0)) await cleanup()
    hub.close()
    const link = linkTo(port)
    for (let job = 0; job < 1_500; job += 1) link.publish({ type: 'changed', jobId: `job-${job}`, revision: 1 })
    const back = await startHub(port)
    const ids: string[] = []
    back.events.on('message', (message: BusMessage) => message.type === 'changed' && ids.push(message.jobId))
    link.publish({ type: 'changed', jobId: 'last', revision: 1 })
    await expect.poll(() => ids.at(-1)).toBe('last')
    expect(ids).toHaveLength(1_000)
    expect(ids[0]).toBe('job-501')
  })
})
