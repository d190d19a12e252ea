import type { ClientMessage, ServerMessage, SOCKET_PROTOCOL } from '../../../contract/socket.ts'

/** The contract's value lies beside its schemas; the type keeps this copy equal to it without taking zod into the page. */
export const PROTOCOL: typeof SOCKET_PROTOCOL = 'sluice.v1'

/** A subscription must stay below 16 KiB a message: 39 bytes an id. */
const IDS_PER_MESSAGE = 350
/** Longer than a busy server's pause, shorter than a person's patience with a page that stands still. */
const PING_EVERY_MS = 20_000
const ANSWER_WITHIN_MS = 10_000
const FIRST_DELAY_MS = 500
const MAX_DELAY_MS = 20_000

export interface SocketLike {
  send(text: string): void
  close(): void
  addEventListener(type: 'open' | 'close', listener: () => void): void
  addEventListener(type: 'message', listener: (event: { data: unknown }) => void): void
}

export type Connection = { status: 'connecting' } | { status: 'open' } | { status: 'lost'; retryAt: number }

export interface LiveSocketDependencies {
  open(): SocketLike
  onMessage(message: ServerMessage): void
  onConnection(connection: Connection): void
  /** Jobs known as not ended: they may have ended while the connection was lost, and `all` would not mention them. */
  unfinished(): string[]
  now(): number
  /** 0 to 1. */
  random(): number
}

export interface LiveSocket {
  /** Connects now instead of when the wait is over; nothing where it is connected. */
  retryNow(): void
  close(): void
}

/** Doubles from 0.5 s to 20 s, each shortened by up to half so that many pages do not return in step. */
export const reconnectDelayMs = (failures: number, random: number): number =>
  Math.min(MAX_DELAY_MS, FIRST_DELAY_MS * 2 ** Math.min(failures, 10)) * (1 - random / 2)

const parse = (data: unknown): ServerMessage | null => {
  if (typeof data !== 'string') return null
  const message: unknown = JSON.parse(data)
  // A type that this page does not know yet falls through the reducer's switch.
  return typeof message === 'object' && message !== null && 'type' in message ? (message as ServerMessage) : null
}

/** Subscriptions that bring the page up to date: everything that runs, and what ran when it last looked. */
export const greetings = (unfinished: readonly string[]): ClientMessage[] => {
  const messages: ClientMessage[] = [{ type: 'subscribe', all: true }]
  for (let from = 0; from < unfinished.length; from += IDS_PER_MESSAGE) {
    messages.push({ type: 'subscribe', jobs: unfinished.slice(from, from + IDS_PER_MESSAGE) })
  }
  return messages
}

/** Keeps one connection to the progress socket: subscribes, watches that it lives, and comes back with growing patience. */
export const connectLive = (deps: LiveSocketDependencies): LiveSocket => {
  let socket: SocketLike | null = null
  let failures = 0
  let closed = false
  let retryTimer: ReturnType<typeof setTimeout> | undefined
  let watchTimer: ReturnType<typeof setTimeout> | undefined

  const stopTimers = (): void => {
    clearTimeout(retryTimer)
    clearTimeout(watchTimer)
  }

  const say = (message: ClientMessage): void => socket?.send(JSON.stringify(message))

  const onLost = (): void => {
    stopTimers()
    socket = null
    if (closed) return
    const delayMs = reconnectDelayMs(failures, deps.random())
    failures += 1
    deps.onConnection({ status: 'lost', retryAt: deps.now() + delayMs })
    retryTimer = setTimeout(connect, delayMs)
  }

  /** A sleeping laptop's socket looks open for minutes; only an answer tells. */
  const watch = (current: SocketLike): void => {
    clearTimeout(watchTimer)
    watchTimer = setTimeout(() => {
      say({ type: 'ping' })
      watchTimer = setTimeout(() => {
        current.close()
        if (socket === current) onLost()
      }, ANSWER_WITHIN_MS)
    }, PING_EVERY_MS)
  }

  const connect = (): void => {
    stopTimers()
    const current = deps.open()
    socket = current
    current.addEventListener('open', () => {
      if (socket !== current) return
      for (const message of greetings(deps.unfinished())) say(message)
      watch(current)
      deps.onConnection({ status: 'open' })
    })
    current.addEventListener('message', ({ data }) => {
      if (socket !== current) return
      // Not on opening: a server that takes connections and drops them again deserves patience too.
      failures = 0
      watch(current)
      const message = parse(data)
      if (message) deps.onMessage(message)
    })
    current.addEventListener('close', () => {
      if (socket === current) onLost()
    })
  }

  connect()
  return {
    retryNow() {
      if (!closed && socket === null) connect()
    },
    close() {
      closed = true
      stopTimers()
      socket?.close()
      socket = null
    },
  }
}
