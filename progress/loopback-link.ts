import type { Logger } from 'pino'
import { type RawData, WebSocket } from 'ws'
import type { BusMessage, JobWish } from '../contract/progress.ts'
import { readBusSecret } from './bus-secret.ts'
import type { JobWishes, ProgressPublisher } from './bus.ts'

/** So that the API can tell a quiet worker from a lost one within its 1.5 s. */
const PING_EVERY_MS = 1_000
/** Unanswered pings after which the connection is given up: a frozen peer never closes it. */
const MAX_UNANSWERED_PINGS = 5
const FIRST_RETRY_MS = 100
/** A restarted API is found again within this, or sockets would show stale bars for longer than they promise. */
const MAX_RETRY_MS = 1_000
/** The newest revision per job is kept while away; beyond this the reconciler and snapshots do the rest. */
const MAX_KEPT_HINTS = 1_000
/** Unsent bytes beyond which samples are dropped: the next one says the same, and later. */
const MAX_UNSENT_BYTES = 1024 * 1024

export interface LoopbackLinkOptions {
  /** `ws://host:port/internal/bus`; null: nobody listens, all is dropped. */
  url: string | null
  dataDir: string
  log: Logger
}

/**
 * The worker's end of the progress link: one WebSocket to the API, opened again with back-off for as long as the worker
 * lives. While it is away samples are dropped; of `changed` the newest per job is kept and sent on return. Wishes come the other
 * way.
 */
export const createLoopbackLink = ({ url, dataDir, log }: LoopbackLinkOptions): ProgressPublisher & JobWishes => {
  const listeners = new Set<(wish: JobWish) => void>()
  const hints = new Map<string, BusMessage & { type: 'changed' }>()
  let socket: WebSocket | null = null
  let retryMs = FIRST_RETRY_MS
  let retryTimer: NodeJS.Timeout | null = null
  let closed = false

  const isOpen = (candidate: WebSocket | null): candidate is WebSocket => candidate?.readyState === WebSocket.OPEN

  const keepHint = (message: BusMessage & { type: 'changed' }) => {
    hints.delete(message.jobId)
    hints.set(message.jobId, message)
    const oldest = hints.keys().next()
    if (hints.size > MAX_KEPT_HINTS && !oldest.done) hints.delete(oldest.value)
  }
  const sendHints = () => {
    for (const [jobId, message] of hints) {
      if (!isOpen(socket) || socket.bufferedAmount > MAX_UNSENT_BYTES) return
      socket.send(JSON.stringify(message))
      hints.delete(jobId)
    }
  }

  const connect = async (address: string): Promise<void> => {
    const secret = await readBusSecret(dataDir)
    if (closed) return
    const link = new WebSocket(address, {
      headers: { authorization: `Bearer ${secret}` },
      perMessageDeflate: false,
      handshakeTimeout: 2_000,
    })
    socket = link
    let unanswered = 0
    const pinging = setInterval(() => {
      if (!isOpen(link)) return
      if (unanswered >= MAX_UNANSWERED_PINGS) return link.terminate()
      unanswered += 1
      link.ping()
      sendHints()
    }, PING_EVERY_MS)
    link.on('message', (data) => {
      const wish = parseWish(data)
      if (wish) for (const listener of listeners) listener(wish)
    })
    link.on('pong', () => {
      unanswered = 0
    })
    link.on('open', () => {
      retryMs = FIRST_RETRY_MS
      log.info('progress link open')
      sendHints()
    })
    // An error is always followed by `close`, which tries again; the API being away is no news worth a warning.
    link.on('error', (error) => log.debug({ err: error }, 'progress link failed'))
    link.on('close', () => {
      clearInterval(pinging)
      if (socket === link) socket = null
      retryLater(address)
    })
  }
  const retryLater = (address: string) => {
    if (closed) return
    retryTimer = setTimeout(() => open(address), retryMs * (0.75 + Math.random() / 2))
    retryMs = Math.min(retryMs * 2, MAX_RETRY_MS)
  }
  const open = (address: string) => {
    connect(address).catch((error: unknown) => {
      log.warn({ err: error }, 'progress link cannot be opened')
      retryLater(address)
    })
  }
  if (url) open(url)

  return {
    publish: (message) => {
      if (isOpen(socket) && socket.bufferedAmount <= MAX_UNSENT_BYTES) socket.send(JSON.stringify(message))
      else if (message.type === 'changed') keepHint(message)
    },
    onWish: (listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    close: async () => {
      closed = true
      if (retryTimer) clearTimeout(retryTimer)
      const link = socket
      if (!link || link.readyState === WebSocket.CLOSED) return
      await new Promise<void>((resolve) => {
        // What was published last goes out with the close frame; a peer that does not answer it gets no second chance.
        const impatience = setTimeout(() => link.terminate(), 500)
        link.once('close', () => {
          clearTimeout(impatience)
          resolve()
        })
        link.close(1001)
      })
    },
  }
}

/** The API holds the secret and runs this code base, so the shape is trusted once the kind is known. */
const parseWish = (data: RawData): JobWish | null => {
  try {
    const message = JSON.parse((data as Buffer).toString('utf8')) as JobWish | null
    return message?.type === 'wish' ? message : null
  } catch {
    return null
  }
}
