import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { Validator } from '@seriousme/openapi-schema-validator'
import { Ajv } from 'ajv'
import { Ajv2020 } from 'ajv/dist/2020.js'
import formats from 'ajv-formats'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { clientMessageSchema, serverMessageSchema } from '../../contract/socket.ts'
import type { Job } from '../../contract/jobs.ts'
import { openSocket, rawRequest, startApi, type RunningApi } from './api-harness.ts'

interface Operation {
  operationId?: string
  responses: Record<string, { content?: Record<string, unknown> }>
}
interface OpenApiDocument {
  openapi: string
  paths: Record<string, Record<string, Operation>>
}

let running: RunningApi
let document: OpenApiDocument
let job: Job
beforeAll(async () => {
  running = await startApi()
  document = (await (await running.call('/api/v1/openapi.json')).json()) as OpenApiDocument
  job = (await (await running.post('/api/v1/jobs', { url: 'https://example.com/a.mp4' })).json()) as Job
})
afterAll(() => running.stop())

const METHODS = ['get', 'post', 'patch', 'delete']
const pointer = (...parts: string[]) =>
  parts.map((part) => encodeURIComponent(part.replaceAll('~', '~0').replaceAll('/', '~1'))).join('/')

/** What is wrong with an answer by what the document says of its status; nothing where all is well. */
const deviations = async (template: string, method: string, answer: Response): Promise<unknown> => {
  const declared = document.paths[template]?.[method]?.responses[String(answer.status)]
  const type = answer.headers.get('content-type')?.split(';')[0] ?? 'no type'
  if (declared?.content?.[type] === undefined) return `${answer.status} with ${type} is not in the document`
  const ajv = new Ajv2020({ strict: false, allErrors: true })
  formats.default(ajv)
  ajv.addSchema({ $id: 'https://sluice.test/openapi', ...document })
  const path = pointer('paths', template, method, 'responses', String(answer.status), 'content', type, 'schema')
  const validate = ajv.compile({ $ref: `https://sluice.test/openapi#/${path}` })
  validate(await answer.json())
  return validate.errors
}

describe('the OpenAPI document', () => {
  test('is valid OpenAPI 3.1', async () => {
    expect(document.openapi).toBe('3.1.0')
    const { valid, errors } = await new Validator().validate(structuredClone(document) as never)
    expect(errors).toBeUndefined()
    expect(valid).toBe(true)
  })

  test('names every operation once, and a way to fail for each that needs signing in', () => {
    const operations = Object.entries(document.paths).flatMap(([path, item]) =>
      METHODS.flatMap((method) => (item[method] ? [{ path, method, ...item[method] }] : [])),
    )
    const ids = operations.map(({ operationId }) => operationId)
    expect(new Set(ids).size).toBe(ids.length)
    expect(ids).not.toContain(undefined)
    const open = operations.filter(({ responses }) => responses['401'] === undefined).map(({ path }) => path)
    expect(open).toEqual(['/healthz', '/readyz'])
  })

  test('has no route that the design keeps for later', () => {
    for (const later of ['history', 'subscriptions', 'webhooks', 'uploads']) {
      expect(Object.keys(document.paths).filter((path) => path.includes(later))).toEqual([])
    }
  })

  test.each<[string, string, (id: string) => Promise<Response>]>([
    ['/api/v1/jobs', 'post', () => running.post('/api/v1/jobs', { url: 'https://example.com/new.mp4' })],
    ['/api/v1/jobs', 'post', () => running.post('/api/v1/jobs', { url: 'https://example.com/a.mp4' })],
    ['/api/v1/jobs', 'post', () => running.post('/api/v1/jobs', { jobs: [{ url: 'https://example.com/b' }, {}] })],
    ['/api/v1/jobs', 'post', () => running.post('/api/v1/jobs', { url: 'x' })],
    ['/api/v1/jobs', 'get', () => running.call('/api/v1/jobs?limit=1')],
    ['/api/v1/jobs', 'get', () => running.call('/api/v1/jobs?limit=0')],
    ['/api/v1/jobs', 'get', () => running.call('/api/v1/jobs', { headers: {} })],
    ['/api/v1/jobs/{id}', 'get', (id) => running.call(`/api/v1/jobs/${id}`)],
    ['/api/v1/jobs/{id}', 'get', () => running.call('/api/v1/jobs/none')],
    ['/api/v1/jobs/{id}/retry', 'post', (id) => running.post(`/api/v1/jobs/${id}/retry`)],
    ['/api/v1/jobs/{id}/cancel', 'post', (id) => running.post(`/api/v1/jobs/${id}/cancel`)],
    ['/api/v1/jobs/{id}/pause', 'post', (id) => running.post(`/api/v1/jobs/${id}/pause`)],
    [
      '/api/v1/jobs/actions',
      'post',
      (id) => running.post('/api/v1/jobs/actions', { action: 'resume', ids: [id, 'none'] }),
    ],
    ['/api/v1/jobs/actions', 'post', () => running.post('/api/v1/jobs/actions', { action: 'resume' })],
    ['/api/v1/progress/tickets', 'post', () => running.post('/api/v1/progress/tickets')],
    ['/api/v1/progress', 'get', () => running.call('/api/v1/progress')],
    ['/api/v1/media', 'get', () => running.call('/api/v1/media')],
    ['/api/v1/media/{id}', 'get', () => running.call('/api/v1/media/none')],
    ['/api/v1/presets', 'get', () => running.call('/api/v1/presets')],
    ['/api/v1/system', 'get', () => running.call('/api/v1/system')],
    ['/healthz', 'get', () => running.call('/healthz')],
    ['/readyz', 'get', () => running.call('/readyz')],
  ])('%s %s answers as it says (%#)', async (template, method, ask) => {
    expect(await deviations(template, method, await ask(job.id))).toBeNull()
  })

  test('not being ready is an answer, and nothing to warn of', async () => {
    running.logged.length = 0
    expect((await running.call('/readyz')).status).toBe(503)
    expect(running.logged).toEqual([])
  })

  test('can be read at /docs with nothing from elsewhere', async () => {
    const page = await (await running.call('/docs/')).text()
    const addresses = [...page.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, address]) => String(address))
    expect(addresses.length).toBeGreaterThan(3)
    for (const address of addresses) {
      expect(address).not.toMatch(/^(https?:)?\/\//)
      const { status } = await running.call(new URL(address, `${running.url}/docs/`).pathname)
      expect([address, status]).toEqual([address, 200])
    }
    const initializer = await running.call('/docs/swagger-initializer.js')
    expect(await initializer.text()).toContain("url: '/api/v1/openapi.json'")
    const bare = await rawRequest(running, {
      path: '/docs',
      headers: { authorization: `Bearer ${running.api.ownerToken}` },
    })
    expect([bare.status, bare.headers.location]).toEqual([301, '/docs/'])
  })
})

describe('the AsyncAPI document', () => {
  const fetchDocument = async () =>
    (await (await running.call('/api/v1/asyncapi.json')).json()) as {
      asyncapi: string
      components: { messages: Record<string, { payload: object }> }
    }

  test('is valid AsyncAPI 3.0', async () => {
    const path = createRequire(import.meta.url).resolve('@asyncapi/specs/schemas/3.0.0-without-$id.json')
    const ajv = new Ajv({ strict: false, allErrors: true, logger: false })
    formats.default(ajv)
    const validate = ajv.compile(JSON.parse(await readFile(path, 'utf8')) as object)
    validate(await fetchDocument())
    expect(validate.errors).toBeNull()
  })

  test('describes every message, and what the socket says fits', async () => {
    const asyncApi = await fetchDocument()
    const known = [...clientMessageSchema.options, ...serverMessageSchema.options].map(({ shape }) => shape.type.value)
    expect(Object.keys(asyncApi.components.messages).toSorted()).toEqual(known.toSorted())

    const client = await openSocket(running)
    client.say({ type: 'subscribe', jobs: [job.id, 'none'] })
    client.say({ type: 'nonsense' })
    client.say({ type: 'ping' })
    await client.heard('snapshot')
    await client.heard('pong')
    client.socket.close()
    const ajv = new Ajv2020({ strict: false, allErrors: true })
    formats.default(ajv)
    ajv.addSchema({ $id: 'https://sluice.test/asyncapi', ...asyncApi })
    for (const message of client.messages) {
      const $ref = `https://sluice.test/asyncapi#/components/messages/${message.type}/payload`
      const validate = ajv.compile({ $ref })
      validate(message)
      expect(validate.errors).toBeNull()
    }
    expect(client.messages.map(({ type }) => type)).toEqual(['subscribed', 'snapshot', 'error', 'pong'])
  })
})
