import { createServer, type Server } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { findPort } from '../../scripts/free-port.ts'

const servers: Server[] = []
const occupy = (port: number): Promise<number> =>
  new Promise((resolve, reject) => {
    const server = createServer()
    servers.push(server)
    server.once('error', reject)
    server.listen(port, '127.0.0.1', () => {
      const address = server.address()
      if (typeof address === 'object' && address) resolve(address.port)
    })
  })
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => new Promise((resolve) => server.close(resolve))))
})

const wish = (more: Partial<Parameters<typeof findPort>[0]>) =>
  findPort({ host: '127.0.0.1', set: null, first: 20_000, setting: 'SLUICE_PORT', taken: new Set(), ...more })

describe('findPort', () => {
  it('takes the next free port where the usual one is busy', async () => {
    const busy = await occupy(0)
    const found = await wish({ first: busy })
    expect(found).toBeGreaterThan(busy)
    expect(await occupy(found)).toBe(found)
  })

  it('fails where the port set by hand is busy, naming the setting', async () => {
    const busy = await occupy(0)
    await expect(wish({ set: busy })).rejects.toThrow(`Port ${busy} is busy, and SLUICE_PORT asks for just this one.`)
  })

  it('takes any free port where 0 is set, of those that nobody gets by chance', async () => {
    const found = await wish({ set: 0 })
    expect(found).toBeGreaterThanOrEqual(20_000)
    expect(found).toBeLessThan(32_000)
    expect(await occupy(found)).toBe(found)
  })

  it('promises no port twice', async () => {
    const first = await wish({})
    expect(await wish({ taken: new Set([first]) })).not.toBe(first)
    await expect(wish({ set: first, taken: new Set([first]) })).rejects.toThrow('is busy')
  })

  it('says what is wrong with an address of another machine', async () => {
    await expect(wish({ host: '192.0.2.1' })).rejects.toThrow("can't be used")
  })
})
