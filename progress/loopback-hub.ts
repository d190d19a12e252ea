import { createHash, timingSafeEqual } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import type { Logger } from 'pino'
import { type RawData, WebSocket, WebSocketServer } from 'ws'
import type { BusMessage, JobWish } from '../contract/progress.ts'
import type { ProgressSubscriber } from './bus.ts'

/** The API's end of the progress link: takes what workers publish and hands it to listeners in this process. */
export interface LoopbackHub extends ProgressSubscriber {
  /** Takes an upgrade request that came to {@link BUS_PATH}; one without the secret is answered 401. */
  readonly upgrade: (request: IncomingMessage, socket: Duplex, head: Buffer) => void
  /** Hands a message of this process to the same listeners. No sign of life of a worker. */
  announce(message: BusMessage): void
  /** Hands a wish to all workers that are connected. */
  tellWorkers(wish: JobWish): void
  /** Workers connected now. */
  linkCount(): number
  close(): void
}

/** A progress sample is well below 1 KiB; anything near this is not one. */
const MAX_MESSAGE_BYTES = 64 * 1024

export const createLoopbackHub = ({ secret, log }: { secret: string; log: Logger }): LoopbackHub => {
  // Compression would cost more than the milliseconds a sample may take.
  const server = new WebSocketServer({ noServer: true, perMessageDeflate: false, maxPayload: MAX_MESSAGE_BYTES })
  const listeners = new Set<(message: BusMessage) => void>()
  const expected = digest(`Bearer ${secret}`)
  let heardAt = 0

  const announce = (message: BusMessage) => {
    for (const listener of listeners) listener(message)
  }
  const attach = (link: WebSocket) => {
    heardAt = Date.now()
    log.info('worker linked')
    link.on('message', (data) => {
      heardAt = Date.now()
      const message = parse(data)
      if (message) announce(message)
      else log.warn('message on the progress link is not understood')
    })
    // The worker pings each second, whether or not it has anything to say.
    link.on('ping', () => {
      heardAt = Date.now()
    })
    link.on('error', (error) => log.warn({ err: error }, 'progress link broke'))
    link.on('close', () => log.info('worker unlinked'))
  }

  return {
    upgrade: (request, socket, head) => {
      if (!timingSafeEqual(digest(request.headers.authorization ?? ''), expected)) {
        socket.end('HTTP/1.1 401 Unauthorized\r\nConnection: close\r\nContent-Length: 0\r\n\r\n')
        return
      }
      server.handleUpgrade(request, socket, head, attach)
    },
    announce,
    tellWorkers: (wish) => {
      for (const link of server.clients) if (link.readyState === WebSocket.OPEN) link.send(JSON.stringify(wish))
    },
    onMessage: (listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    lastHeardAt: () => heardAt,
    linkCount: () => server.clients.size,
    close: () => {
      for (const link of server.clients) link.terminate()
      server.close()
      listeners.clear()
    },
  }
}

/** Equal lengths, so that comparing takes the same time for every guess. */
const digest = (text: string): Buffer => createHash('sha256').update(text).digest()

/** Peers hold the secret and run this code base, so the shape is trusted once the kind is known. */
const parse = (data: RawData): BusMessage | null => {
  try {
    const message = JSON.parse((data as Buffer).toString('utf8')) as BusMessage | null
    return message?.type === 'progress' || message?.type === 'changed' ? message : null
  } catch {
    return null
  }
}
