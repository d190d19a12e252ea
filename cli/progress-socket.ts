import { WebSocket } from 'ws'
import { serverMessageSchema, SOCKET_PROTOCOL, type ServerMessage } from '../contract/socket.ts'
import type { ApiAddress } from './api-client.ts'

const FIRST_RETRY_MS = 200
const MAX_RETRY_MS = 3_000
/** The server pings every 15 s; a connection that is silent for longer than two of them is dead. */
const SILENT_MS = 40_000

export interface ProgressSocketOptions extends ApiAddress {
  jobs: readonly string[]
  onMessage: (message: ServerMessage) => void
  /** Each time the connection is lost or could not be made, with how long it has been away. */
  onAway: (awayMs: number) => void
}

/**
 * Follows jobs over the progress socket. A lost connection is made again; the snapshots that a subscription begins with then
 * heal what was missed.
 * @returns The way to stop.
 */
export const followJobs = ({ url, token, jobs, onMessage, onAway }: ProgressSocketOptions): (() => void) => {
  let socket: WebSocket
  let timer: NodeJS.Timeout | undefined
  let silence: NodeJS.Timeout | undefined
  let retryMs = FIRST_RETRY_MS
  let awaySince: number | null = null
  let stopped = false

  const connect = () => {
    const current = new WebSocket(`${url.replace(/^http/, 'ws')}/api/v1/progress`, [SOCKET_PROTOCOL], {
      headers: { authorization: `Bearer ${token}` },
    })
    socket = current
    const heard = () => {
      clearTimeout(silence)
      silence = setTimeout(() => current.terminate(), SILENT_MS)
    }
    heard()
    current.on('open', () => {
      retryMs = FIRST_RETRY_MS
      awaySince = null
      current.send(JSON.stringify({ type: 'subscribe', jobs }))
    })
    current.on('ping', heard)
    current.on('message', (data: Buffer) => {
      heard()
      const message = serverMessageSchema.safeParse(JSON.parse(data.toString()))
      // A newer server may have kinds of messages that this client does not know.
      if (message.success) onMessage(message.data)
    })
    // What went wrong is followed by `close`, whatever it was.
    current.on('error', () => undefined)
    current.on('close', () => {
      clearTimeout(silence)
      if (stopped) return
      awaySince ??= Date.now()
      onAway(Date.now() - awaySince)
      timer = setTimeout(connect, retryMs)
      retryMs = Math.min(retryMs * 2, MAX_RETRY_MS)
    })
  }
  connect()
  return () => {
    stopped = true
    clearTimeout(timer)
    clearTimeout(silence)
    socket.terminate()
  }
}
