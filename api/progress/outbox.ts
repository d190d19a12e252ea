import { SOCKET_LIMITS } from '../../contract/socket.ts'

/** Where messages leave the process: a WebSocket or a stream of server-sent events. */
export interface Outlet {
  /** Sends one message; `sent` is called when it has left this process, or never will. */
  send(text: string, sent: () => void): void
  /** Bytes that wait in this process for the client to take them. */
  bufferedBytes(): number
  /** 1013: try again later. 1001: the server goes away. */
  close(code: 1001 | 1013, reason: string): void
}

/**
 * What one client is still to be told. While it keeps up everything goes out at once; while it does not, messages that a
 * newer one makes pointless are replaced by it, so that a slow client gets the newest of everything and not its history.
 */
export interface Outbox {
  /** Answers to the client: never replaced. */
  answer(text: string): void
  /** A message that replaces an unsent one of the same key. Text is made as late as possible where it is given as a function. */
  offer(key: string, message: string | (() => string)): void
  /** Takes back unsent messages whose key begins so. */
  withdraw(keyPrefix: string): void
}

/** Enough to keep a connection busy; what waits beyond it can still be replaced. */
const BUSY_BYTES = 64 * 1024

export const createOutbox = (outlet: Outlet): Outbox => {
  const waiting = new Map<string, string | (() => string)>()
  let closed = false

  const send = (text: string) => outlet.send(text, drain)
  const drain = () => {
    for (const [key, message] of waiting) {
      if (closed || outlet.bufferedBytes() >= BUSY_BYTES) return
      waiting.delete(key)
      send(typeof message === 'string' ? message : message())
    }
  }

  return {
    answer: (text) => {
      if (closed) return
      if (outlet.bufferedBytes() + text.length > SOCKET_LIMITS.bufferedBytes) {
        closed = true
        waiting.clear()
        outlet.close(1013, 'too much is unsent')
        return
      }
      send(text)
    },
    offer: (key, message) => {
      if (closed) return
      if (waiting.size === 0 && outlet.bufferedBytes() < BUSY_BYTES) {
        send(typeof message === 'string' ? message : message())
        return
      }
      // To the end, as what it says is newer than what was put there since.
      waiting.delete(key)
      waiting.set(key, message)
      drain()
    },
    withdraw: (keyPrefix) => {
      for (const key of waiting.keys()) if (key.startsWith(keyPrefix)) waiting.delete(key)
    },
  }
}
