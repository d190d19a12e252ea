import { once } from 'node:events'
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { request, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { WebSocket, type ClientOptions } from 'ws'
import { createApi, type Api } from '../../api/create-api.ts'
import type { ApiDispatch } from '../../api/deps.ts'
import { Problem } from '../../api/http/problem.ts'
import type { TemporalView } from '../../api/temporal-view.ts'
import { openCatalog, type Catalog } from '../../catalog/catalog.ts'
import type { JobRow } from '../../catalog/job-row.ts'
import { parseConfig, type Config } from '../../config.ts'
import type { Info } from '../../contract/media.ts'
import type { ServerMessage } from '../../contract/socket.ts'
import { BUS_PATH } from '../../progress/bus-secret.ts'
import { createLoopbackLink } from '../../progress/loopback-link.ts'

/** What the API asked its dispatcher to do, and what the dispatcher answers. */
export interface FakeDispatch extends ApiDispatch {
  started: JobRow[]
  carried: JobRow[]
  asked: string[]
  answerInfo: (url: string) => Promise<Info>
}

export interface RunningApi {
  api: Api
  catalog: Catalog
  config: Config
  port: number
  url: string
  dispatch: FakeDispatch
  /** What was logged as a warning or worse. */
  logged: string[]
  /** Replace its members to have Temporal answer otherwise. */
  temporal: TemporalView
  /** `fetch` with the owner's token, unless other headers are given. */
  call(path: string, init?: RequestInit): Promise<Response>
  post(path: string, body?: unknown, headers?: Record<string, string>): Promise<Response>
  stop(): Promise<void>
}

const away = (): Promise<never> => Promise.reject(new Problem('NotReady', 'Temporal does not answer.'))

/** A real API on a free port, on an SQLite catalog of its own; Temporal and the dispatcher are what the test says. */
export const startApi = async (settings: Record<string, string> = {}, socketTickMs?: number): Promise<RunningApi> => {
  const dataDir = await mkdtemp(join(tmpdir(), 'sluice-api-'))
  const config = parseConfig({ SLUICE_DATA: dataDir, SLUICE_LOG_LEVEL: 'silent', ...settings })
  await Promise.all([config.libraryDir, config.importDir].map((dir) => mkdir(dir, { recursive: true })))
  const catalog = await openCatalog(config)
  const temporal: TemporalView = {
    queryStatus: away,
    readHeartbeats: away,
    describeQueues: away,
    serverVersion: away,
    missingSearchAttributes: away,
  }
  const dispatch: FakeDispatch = {
    started: [],
    carried: [],
    asked: [],
    answerInfo: () => Promise.reject(new Error('no answer was prepared')),
    start: (rows) => dispatch.started.push(...rows),
    carry: (row) => dispatch.carried.push(row),
    info: ({ url }) => {
      dispatch.asked.push(url)
      return dispatch.answerInfo(url)
    },
  }
  const logged: string[] = []
  const api = await createApi({
    config,
    catalog,
    temporal,
    log: pino({ level: 'warn' }, { write: (line) => void logged.push(line) }),
    version: '0.0.0-test',
    webDir: join(dataDir, 'web'),
    createDispatch: () => dispatch,
    ...(socketTickMs !== undefined && { socketTickMs }),
  })
  api.server.listen(0, '127.0.0.1')
  await once(api.server, 'listening')
  const { port } = api.server.address() as AddressInfo
  const url = `http://127.0.0.1:${port}`

  const call = (path: string, init: RequestInit = {}) =>
    fetch(`${url}${path}`, { redirect: 'manual', headers: { authorization: `Bearer ${api.ownerToken}` }, ...init })
  return {
    api,
    catalog,
    config,
    port,
    url,
    dispatch,
    temporal,
    logged,
    call,
    post: (path, body, headers = {}) =>
      call(path, {
        method: 'POST',
        headers: { authorization: `Bearer ${api.ownerToken}`, 'content-type': 'application/json', ...headers },
        ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
      }),
    stop: async () => {
      await api.close()
      await catalog.close()
      await rm(dataDir, { recursive: true, force: true })
    },
  }
}

export interface RawAnswer {
  status: number
  headers: IncomingHttpHeaders
  body: string
}

/** A request exactly as it is written: `fetch` resolves dots, forbids headers and adds some of its own. */
export const rawRequest = (
  { port }: RunningApi,
  {
    path,
    headers = {},
    method = 'GET',
    body,
  }: { path: string; headers?: Record<string, string>; method?: string; body?: string },
): Promise<RawAnswer> =>
  new Promise((resolve, reject) => {
    const sent = request({ port, host: '127.0.0.1', path, method, headers }, (response) => {
      let text = ''
      response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk))
      response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body: text }))
    })
    sent.on('error', reject)
    sent.end(body)
  })

/** The worker's end of the link, linked. */
export const linkWorker = async ({ port, config, api }: RunningApi) => {
  const link = createLoopbackLink({
    url: `ws://127.0.0.1:${port}${BUS_PATH}`,
    dataDir: config.dataDir,
    log: pino({ level: 'silent' }),
  })
  // A hint is kept until the link is open, so that hearing it proves both ends ready.
  const linked = new Promise<void>((resolve) => {
    const stop = api.hub.onMessage((message) => {
      if (message.type !== 'changed' || message.jobId !== 'linked') return
      stop()
      resolve()
    })
  })
  link.publish({ type: 'changed', jobId: 'linked', revision: 1 })
  await linked
  return link
}

/** A client of the progress socket that keeps what it was told. */
export interface SocketClient {
  socket: WebSocket
  messages: ServerMessage[]
  say(message: unknown): void
  /** The first message, old or new, that matches; waits for it. */
  heard<T extends ServerMessage['type']>(
    type: T,
    matches?: (message: Extract<ServerMessage, { type: T }>) => boolean,
  ): Promise<Extract<ServerMessage, { type: T }>>
  closed: Promise<{ code: number; reason: string }>
}

export const openSocket = async (
  running: RunningApi,
  {
    path = '/api/v1/progress',
    protocols = ['sluice.v1'],
    token = running.api.ownerToken as string | null,
    ...options
  }: ClientOptions & { path?: string; protocols?: string[]; token?: string | null } = {},
): Promise<SocketClient> => {
  const headers = { ...(token !== null && { authorization: `Bearer ${token}` }), ...options.headers }
  const socket = new WebSocket(`ws://127.0.0.1:${running.port}${path}`, protocols, { ...options, headers })
  const messages: ServerMessage[] = []
  const closed = new Promise<{ code: number; reason: string }>((resolve) => {
    socket.on('close', (code, reason) => resolve({ code, reason: reason.toString() }))
  })
  socket.on('message', (data) => messages.push(JSON.parse((data as Buffer).toString()) as ServerMessage))
  await once(socket, 'open')
  socket.on('error', () => undefined)
  return {
    socket,
    messages,
    closed,
    say: (message) => socket.send(typeof message === 'string' ? message : JSON.stringify(message)),
    heard: async (type, matches = () => true) => {
      type Wanted = Extract<ServerMessage, { type: typeof type }>
      for (let next = 0; ; next += 1) {
        while (next >= messages.length) await Promise.race([once(socket, 'message'), failOnClose(closed)])
        const message = messages[next]
        if (message?.type === type && matches(message as Wanted)) return message as Wanted
      }
    },
  }
}

const failOnClose = async (closed: SocketClient['closed']): Promise<never> => {
  const { code, reason } = await closed
  throw new Error(`the socket closed with ${code} ${reason}`)
}

/** The status with which a handshake is refused. */
export const refusedWith = (
  running: RunningApi,
  path: string,
  headers: Record<string, string>,
  protocols = ['sluice.v1'],
) =>
  new Promise<number | undefined>((resolve, reject) => {
    const socket = new WebSocket(`ws://127.0.0.1:${running.port}${path}`, protocols, { headers })
    socket.on('unexpected-response', (request, response) => {
      resolve(response.statusCode)
      request.destroy()
    })
    socket.on('open', () => reject(new Error('the handshake was accepted')))
    socket.on('error', () => undefined)
  })
