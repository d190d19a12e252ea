import { EventEmitter } from 'node:events'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { ServerMessage } from '../../contract/socket.ts'
import {
  type Connection,
  connectLive,
  greetings,
  reconnectDelayMs,
  type SocketLike,
} from '../../web/src/live/live-socket.ts'

interface FakeSocket extends SocketLike {
  sent: unknown[]
  emit: (type: 'open' | 'close' | 'message', event?: { data: unknown }) => void
  isClosed: boolean
}

const createFakeSocket = (): FakeSocket => {
  const events = new EventEmitter()
  const socket: FakeSocket = {
    sent: [],
    isClosed: false,
    send: (text) => socket.sent.push(JSON.parse(text)),
    close: () => {
      socket.isClosed = true
    },
    addEventListener: (type: string, listener: (event: { data: unknown }) => void) => events.on(type, listener),
    emit: (type, event) => events.emit(type, event),
  }
  return socket
}

const start = ({ unfinished = [] as string[] } = {}) => {
  const sockets: FakeSocket[] = []
  const messages: ServerMessage[] = []
  const connections: Connection[] = []
  const live = connectLive({
    open: () => {
      const socket = createFakeSocket()
      sockets.push(socket)
      return socket
    },
    onMessage: (message) => messages.push(message),
    onConnection: (connection) => connections.push(connection),
    unfinished: () => unfinished,
    now: () => 1_000,
    random: () => 0,
  })
  const newest = (): FakeSocket => {
    const socket = sockets.at(-1)
    if (!socket) throw new Error('nothing was opened')
    return socket
  }
  return { live, sockets, messages, connections, newest }
}

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

describe('the live socket', () => {
  it('subscribes to all, and to what it knows as unfinished, each time it opens', () => {
    const { newest, connections } = start({ unfinished: ['a', 'b'] })
    newest().emit('open')
    expect(newest().sent).toEqual([
      { type: 'subscribe', all: true },
      { type: 'subscribe', jobs: ['a', 'b'] },
    ])
    expect(connections).toEqual([{ status: 'open' }])
  })

  it('hands on what it hears', () => {
    const { newest, messages } = start()
    newest().emit('open')
    newest().emit('message', { data: '{"type":"removed","jobId":"a"}' })
    expect(messages).toEqual([{ type: 'removed', jobId: 'a' }])
  })

  it('says when it is lost and until when, and comes back with growing patience', () => {
    const { sockets, newest, connections } = start()
    newest().emit('close')
    expect(connections).toEqual([{ status: 'lost', retryAt: 1_500 }])
    vi.advanceTimersByTime(500)
    expect(sockets).toHaveLength(2)
    newest().emit('close')
    vi.advanceTimersByTime(999)
    expect(sockets).toHaveLength(2)
    vi.advanceTimersByTime(1)
    expect(sockets).toHaveLength(3)
  })

  it('grows patient with a server that opens and drops, and is quick again once one has spoken', () => {
    const { newest, connections } = start()
    newest().emit('close')
    vi.advanceTimersByTime(500)
    newest().emit('open')
    newest().emit('close')
    expect(connections.at(-1)).toEqual({ status: 'lost', retryAt: 2_000 })
    vi.advanceTimersByTime(1_000)
    newest().emit('open')
    newest().emit('message', { data: '{"type":"pong"}' })
    newest().emit('close')
    expect(connections.at(-1)).toEqual({ status: 'lost', retryAt: 1_500 })
  })

  it('takes a socket that answers no ping for dead', () => {
    const { newest, sockets, connections } = start()
    newest().emit('open')
    const first = newest()
    vi.advanceTimersByTime(20_000)
    expect(first.sent.at(-1)).toEqual({ type: 'ping' })
    vi.advanceTimersByTime(10_000)
    expect(first.isClosed).toBe(true)
    expect(connections.at(-1)).toMatchObject({ status: 'lost' })
    vi.advanceTimersByTime(500)
    expect(sockets).toHaveLength(2)
  })

  it('stays with one that answers', () => {
    const { newest, sockets } = start()
    newest().emit('open')
    for (let round = 0; round < 5; round += 1) {
      vi.advanceTimersByTime(20_000)
      newest().emit('message', { data: '{"type":"pong"}' })
    }
    expect(sockets).toHaveLength(1)
  })

  it('connects at once when asked, but never twice', () => {
    const { live, sockets, newest } = start()
    newest().emit('close')
    live.retryNow()
    live.retryNow()
    expect(sockets).toHaveLength(2)
    vi.advanceTimersByTime(60_000)
    expect(sockets).toHaveLength(2)
  })

  it('is silent after it was closed', () => {
    const { live, sockets, newest, messages } = start()
    newest().emit('open')
    live.close()
    newest().emit('message', { data: '{"type":"pong"}' })
    newest().emit('close')
    vi.advanceTimersByTime(60_000)
    expect(sockets).toHaveLength(1)
    expect(messages).toEqual([])
  })
})

it('waits at most 20 s, and at least half of what it would', () => {
  expect(reconnectDelayMs(0, 0)).toBe(500)
  expect(reconnectDelayMs(3, 0)).toBe(4_000)
  expect(reconnectDelayMs(3, 1)).toBe(2_000)
  expect(reconnectDelayMs(500, 0)).toBe(20_000)
})

it('keeps each subscription below the 16 KiB that the server takes', () => {
  const ids = Array.from({ length: 1_200 }, (_, index) => `01990000-0000-7000-8000-${String(index).padStart(12, '0')}`)
  const messages = greetings(ids)
  for (const message of messages) expect(JSON.stringify(message).length).toBeLessThan(16 * 1024)
  expect(messages.flatMap((message) => ('jobs' in message ? message.jobs : []))).toEqual(ids)
})
