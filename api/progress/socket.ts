import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import type { Logger } from 'pino'
import { type RawData, type WebSocket, WebSocketServer } from 'ws'
import { clientMessageSchema, SOCKET_LIMITS, SOCKET_PROTOCOL } from '../../contract/socket.ts'
import { toProblem } from '../http/problem.ts'
import type { Principal } from '../access/principal.ts'
import type { FeedSession, ProgressFeed } from './feed.ts'
import { encodeTextFrame } from './text-frame.ts'

/** The progress socket: `sluice.v1`, one JSON object a message. */
export interface ProgressSocket {
  /** Takes the upgrade of a caller who is signed in. */
  upgrade(connection: { request: IncomingMessage; socket: Duplex; head: Buffer; principal: Principal }): void
  /** Takes no more; those that are open end with the feed. */
  close(): void
}

/** Half the ping interval: a ping that is not answered by then is repeated, and given up by the next. */
const TICK_MS = SOCKET_LIMITS.pingEveryMs / 2
/** Messages of one client that may wait for the catalog; beyond it the client floods us. */
const MAX_WAITING_MESSAGES = 100

interface Heart {
  beat(): void
}

/** @param tickMs for tests. */
export const createProgressSocket = ({
  feed,
  log,
  tickMs = TICK_MS,
}: {
  feed: ProgressFeed
  log: Logger
  tickMs?: number
}): ProgressSocket => {
  const server = new WebSocketServer({
    noServer: true,
    // Compression would cost more than the milliseconds a message may take, and 300 KB a socket.
    perMessageDeflate: false,
    maxPayload: SOCKET_LIMITS.messageBytes,
    handleProtocols: (protocols) => (protocols.has(SOCKET_PROTOCOL) ? SOCKET_PROTOCOL : false),
  })
  const hearts = new Set<Heart>()
  const ticking = setInterval(() => hearts.forEach((heart) => heart.beat()), tickMs)
  ticking.unref()

  let newest = { text: '', frame: encodeTextFrame('') }
  /** What a hundred sockets are told is framed once. */
  const frameOf = (text: string): Buffer => {
    if (newest.text !== text) newest = { text, frame: encodeTextFrame(text) }
    return newest.frame
  }

  const attach = ({ socket, stream, principal }: { socket: WebSocket; stream: Duplex; principal: Principal }) => {
    const session = feed.connect({
      principal,
      outlet: {
        // Straight into the stream: `socket.send` takes half as long again, times a hundred sockets. It writes whole frames
        // at once too, as nothing is compressed, so the two never mix.
        send: (text, sent) => {
          if (socket.readyState === socket.OPEN) stream.write(frameOf(text), sent)
          else sent()
        },
        bufferedBytes: () => socket.bufferedAmount,
        close: (code, reason) => closeSoon(socket, code, reason),
      },
    })
    const heart = listenToHeart(socket)
    hearts.add(heart)
    serveMessages({ socket, session, log })
    socket.on('error', (error) => log.debug({ err: error }, 'progress socket failed'))
    socket.on('close', () => {
      hearts.delete(heart)
      session.end()
    })
  }

  return {
    upgrade: ({ request, socket, head, principal }) => {
      if (!offersOurProtocol(request)) {
        socket.end('HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n')
        return
      }
      server.handleUpgrade(request, socket, head, (webSocket) =>
        attach({ socket: webSocket, stream: socket, principal }),
      )
    },
    close: () => {
      clearInterval(ticking)
      server.close()
    },
  }
}

/** None offered is fine; only others offered is a client that would not understand us. */
const offersOurProtocol = (request: IncomingMessage): boolean => {
  const offered = request.headers['sec-websocket-protocol']
  return offered === undefined || offered.split(',').some((name) => name.trim() === SOCKET_PROTOCOL)
}

/** A client that does not read does not answer the close frame either. */
const CLOSE_PATIENCE_MS = 1_000
const closeSoon = (socket: WebSocket, code: number, reason: string) => {
  socket.close(code, reason)
  setTimeout(() => socket.terminate(), CLOSE_PATIENCE_MS).unref()
}

/**
 * Pings every second beat while answers come, every beat while they don't, and ends the socket after two misses: one that
 * died is gone within 30 s of its death, whenever in the rhythm that was.
 */
const listenToHeart = (socket: WebSocket): Heart => {
  let unanswered = 0
  let pingNext = false
  const alive = () => {
    unanswered = 0
  }
  socket.on('pong', alive)
  socket.on('message', alive)
  return {
    beat: () => {
      if (unanswered >= SOCKET_LIMITS.missedPongs) return socket.terminate()
      pingNext = !pingNext
      if (unanswered === 0 && !pingNext) return
      unanswered += 1
      socket.ping()
    },
  }
}

/** One after another, so that a client's unsubscribe never overtakes its subscribe. */
const serveMessages = ({ socket, session, log }: { socket: WebSocket; session: FeedSession; log: Logger }) => {
  let queue = Promise.resolve()
  let waiting = 0
  socket.on('message', (data, isBinary) => {
    if (waiting >= MAX_WAITING_MESSAGES) return closeSoon(socket, 1008, 'too many messages at once')
    waiting += 1
    queue = queue
      .then(() => serveMessage(session, isBinary ? null : data))
      .catch((error: unknown) => {
        const problem = toProblem(error)
        log.warn({ err: problem.cause ?? error }, 'a message on the progress socket failed')
        session.reject({ code: problem.code, message: problem.message })
      })
      .finally(() => {
        waiting -= 1
      })
  })
}

const serveMessage = async (session: FeedSession, data: RawData | null): Promise<void> => {
  const parsed = clientMessageSchema.safeParse(parseJson(data))
  if (!parsed.success) {
    return session.reject({ code: 'InvalidRequest', message: 'This is not a message that the socket knows.' })
  }
  const message = parsed.data
  switch (message.type) {
    case 'subscribe':
      if (message.all) await session.subscribeAll()
      if (message.jobs) await session.subscribe(message.jobs)
      if (!message.all && !message.jobs) {
        session.reject({ code: 'InvalidRequest', message: 'subscribe wants jobs or all.' })
      }
      return
    case 'unsubscribe':
      return session.unsubscribe(message.jobs)
    case 'ping':
      return session.pong()
  }
}

const parseJson = (data: RawData | null): unknown => {
  try {
    return data === null ? null : JSON.parse((data as Buffer).toString('utf8'))
  } catch {
    return null
  }
}
