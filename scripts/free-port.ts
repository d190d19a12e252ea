import { createServer } from 'node:net'
import { StartError } from './start-error.ts'

const tryPort = (host: string, port: number): Promise<number | null> =>
  new Promise((done, fail) => {
    const server = createServer()
    server.once('error', (error: NodeJS.ErrnoException) => {
      // Ports below 1024 and addresses of other machines are as little to be had as busy ones, but the next one is no better.
      if (error.code === 'EADDRINUSE') done(null)
      else fail(new StartError(`Port ${port} on ${host} can't be used: ${error.message}`))
    })
    server.listen({ host, port, exclusive: true }, () => {
      const address = server.address()
      server.close(() => done(typeof address === 'object' && address ? address.port : port))
    })
  })

export interface PortWish {
  host: string
  /** Set by hand: this one or none. 0 is any free one. Null: not set. */
  set: number | null
  /** Where the search begins when none was set. */
  first: number
  /** Name of the setting, for the message. */
  setting: string
  /** Ports already promised to other processes. */
  taken: ReadonlySet<number>
}

/**
 * Ports that no system hands out by itself (Linux from 32768 on, others from 49152): what is not set is free still when a process
 * that ended starts again.
 */
const QUIET = { first: 20_000, count: 12_000 }

/** How far past the first port is searched: as many instances on one machine are surely a mistake. */
const SEARCHED = 100

/** @throws StartError where the port set by hand is busy, or none is free. */
export const findPort = async ({ host, set, first, setting, taken }: PortWish): Promise<number> => {
  if (set === 0) {
    for (let tries = 0; tries < SEARCHED; tries += 1) {
      const port = QUIET.first + Math.floor(Math.random() * QUIET.count)
      if (!taken.has(port) && (await tryPort(host, port)) !== null) return port
    }
  }
  if (set !== null) {
    const free = taken.has(set) ? null : await tryPort(host, set)
    if (free !== null) return free
    throw new StartError(`Port ${set} is busy, and ${setting} asks for just this one. Free it, or set another.`)
  }
  for (let port = first; port < first + SEARCHED; port += 1) {
    if (!taken.has(port) && (await tryPort(host, port)) !== null) return port
  }
  throw new StartError(`No port from ${first} to ${first + SEARCHED - 1} is free. Set one with ${setting}.`)
}
