import { createServer, request, type Server } from 'node:http'
import { connect, type AddressInfo } from 'node:net'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { createEgress, type Egress, type EgressSession } from '../../../tools/egress-guard.ts'

const log = { warn: () => {} }
let server: Server
let port: number
const open: Egress[] = []

beforeAll(async () => {
  server = createServer((_request, response) => response.end('hello'))
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  port = (server.address() as AddressInfo).port
})
afterAll(() => server.close())
afterEach(async () => {
  await Promise.all(open.splice(0).map((egress) => egress.close()))
})

const guardFor = async (...allowAddresses: string[]): Promise<Egress> => {
  const egress = await createEgress({ allowAddresses }, log)
  open.push(egress)
  return egress
}

const proxyOf = (session: EgressSession): URL => new URL(session.env['http_proxy'] ?? '')
const credentials = ({ username, password }: URL): string =>
  `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`

/** Status of a plain request through the guard. */
const get = (proxy: URL, url: string, authorization = credentials(proxy)): Promise<number> =>
  new Promise((resolve, reject) => {
    const headers = { 'proxy-authorization': authorization, host: new URL(url).host }
    request({ host: proxy.hostname, port: proxy.port, path: url, headers }, (response) => {
      response.resume()
      response.once('end', () => resolve(response.statusCode ?? 0))
    })
      .once('error', reject)
      .end()
  })

/** Status of a CONNECT through the guard, as for https. */
const tunnel = (proxy: URL, authority: string): Promise<number> =>
  new Promise((resolve, reject) => {
    const socket = connect(Number(proxy.port), proxy.hostname, () => {
      socket.write(`CONNECT ${authority} HTTP/1.1\r\nProxy-Authorization: ${credentials(proxy)}\r\n\r\n`)
    })
    socket.once('data', (data) => {
      resolve(Number(/^HTTP\/1\.1 (\d+)/.exec(String(data))?.[1]))
      socket.destroy()
    })
    socket.once('error', reject)
  })

describe('the egress guard', () => {
  it('lets through what is allowed', async () => {
    const session = (await guardFor(`127.0.0.1:${port}`)).openSession()
    expect(await get(proxyOf(session), `http://127.0.0.1:${port}/`)).toBe(200)
    expect(await tunnel(proxyOf(session), `127.0.0.1:${port}`)).toBe(200)
    expect(session.blockedHosts()).toEqual([])
  })

  it.each(['127.0.0.1', 'localhost', '0x7f.1', '2130706433', '[::1]', '[::ffff:127.0.0.1]', '0.0.0.0'])(
    'refuses loopback written as %s',
    async (host) => {
      const session = (await guardFor()).openSession()
      expect(await get(proxyOf(session), `http://${host}:${port}/`)).toBe(403)
      expect(await tunnel(proxyOf(session), `${host}:${port}`)).toBe(403)
      expect(session.blockedHosts()).toHaveLength(2)
    },
  )

  it('connects to the address it judged, whatever the name leads to by then', async () => {
    const answers = ['127.0.0.1', '127.0.0.2']
    const asked: string[] = []
    const egress = await createEgress({ allowAddresses: [`127.0.0.1:${port}`] }, log, async (host) => {
      asked.push(host)
      return [{ address: answers.shift() ?? '', family: 4 }]
    })
    open.push(egress)
    const session = egress.openSession()
    expect(await get(proxyOf(session), `http://fickle.example:${port}/`)).toBe(200)
    expect(asked).toEqual(['fickle.example'])
    expect(await tunnel(proxyOf(session), `fickle.example:${port}`)).toBe(403)
    expect(session.blockedHosts()).toEqual(['fickle.example'])
  })

  it('refuses a name with one private address among public ones', async () => {
    const egress = await createEgress({ allowAddresses: [] }, log, async () => [
      { address: '1.1.1.1', family: 4 },
      { address: '10.0.0.1', family: 4 },
    ])
    open.push(egress)
    const session = egress.openSession()
    expect(await tunnel(proxyOf(session), 'both.example:443')).toBe(403)
    expect(session.blockedHosts()).toEqual(['both.example'])
  })

  it('says which hosts do not exist', async () => {
    const session = (await guardFor()).openSession()
    expect(await get(proxyOf(session), 'http://nothing.invalid/')).toBe(502)
    expect(session.unknownHosts()).toEqual(['nothing.invalid'])
  })

  it('keeps sessions apart', async () => {
    const egress = await guardFor()
    const [one, other] = [egress.openSession(), egress.openSession()]
    await get(proxyOf(one), `http://127.0.0.1:${port}/`)
    expect([one.blockedHosts(), other.blockedHosts()]).toEqual([['127.0.0.1'], []])
  })

  it('serves nobody else', async () => {
    const egress = await guardFor('*')
    const session = egress.openSession()
    const proxy = proxyOf(session)
    const url = `http://127.0.0.1:${port}/`
    expect(await get(proxy, url, credentials(new URL(`http://${proxy.username}:wrong@x/`)))).toBe(407)
    expect(await get(proxy, url, credentials(new URL('http://nobody:x@x/')))).toBe(407)
    session.close()
    expect(await get(proxy, url)).toBe(407)
  })

  it('does not start with settings that cannot be read', async () => {
    await expect(createEgress({ allowAddresses: ['intranet'] }, log)).rejects.toThrow('SLUICE_ALLOW_ADDRESSES')
  })
})
