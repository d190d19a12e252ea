import { connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { Connection } from '@temporalio/client'
import { prepareTemporal } from './prepare-temporal.ts'

const LOOK_EVERY_MS = 50
const CALL_WITHIN_MS = 5_000

const answers = (host: string, port: number): Promise<boolean> =>
  new Promise((done) => {
    const socket = connect({ host, port, timeout: 1_000 })
    const end = (open: boolean) => {
      socket.destroy()
      done(open)
    }
    socket.once('connect', () => end(true))
    socket.once('error', () => end(false))
    socket.once('timeout', () => end(false))
  })

/**
 * Waits for a Temporal server, for as long as `signal` lets it, and prepares it.
 * @returns Commands for an operator to run where this client has no right to; empty when all is well.
 */
export const reachTemporal = async (options: {
  address: string
  namespace: string
  signal: AbortSignal
}): Promise<string[]> => {
  const { address, namespace, signal } = options
  const { hostname, port } = new URL(`tcp://${address}`)
  for (;;) {
    signal.throwIfAborted()
    // A plain connection first: the gRPC client backs off for seconds after a refused one.
    if (await answers(hostname.replace(/^\[|\]$/g, ''), Number(port || 7233))) {
      const connection = await Connection.connect({ address, connectTimeout: CALL_WITHIN_MS }).catch(() => null)
      if (connection) {
        try {
          return await prepareTemporal({ connection, namespace })
        } finally {
          await connection.close()
        }
      }
    }
    await sleep(LOOK_EVERY_MS, undefined, { signal })
  }
}
