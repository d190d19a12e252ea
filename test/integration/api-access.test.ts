import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { problemSchema } from '../../api/http/problem.ts'
import { rawRequest, refusedWith, startApi, type RunningApi } from './api-harness.ts'

let running: RunningApi
beforeAll(async () => {
  running = await startApi()
  const webDir = join(running.config.dataDir, 'web')
  await mkdir(join(webDir, 'assets'), { recursive: true })
  await writeFile(join(webDir, 'index.html'), '<!doctype html><title>Sluice</title>')
  await writeFile(join(webDir, 'assets', 'app-1a2b.js'), 'export {}')
})
afterAll(() => running.stop())

interface OpenApi {
  paths: Record<string, Record<string, unknown>>
}
const METHODS = ['get', 'post', 'patch', 'delete']
const routesOf = async (): Promise<{ method: string; path: string }[]> => {
  const { paths } = (await (await running.call('/api/v1/openapi.json')).json()) as OpenApi
  return Object.entries(paths).flatMap(([path, item]) =>
    Object.keys(item)
      .filter((key) => METHODS.includes(key))
      .map((method) => ({ method: method.toUpperCase(), path: path.replaceAll(/\{\w+\}/g, 'x') })),
  )
}
const raw = (path: string, headers: Record<string, string>, method = 'GET', body?: string) =>
  rawRequest(running, { path, headers, method, ...(body !== undefined && { body }) })
const codeOf = (body: string) => problemSchema.parse(JSON.parse(body)).code
const bearer = () => ({ authorization: `Bearer ${running.api.ownerToken}` })

describe('without signing in', () => {
  test('every route refuses, but for health', async () => {
    const routes = await routesOf()
    expect(routes.length).toBeGreaterThan(18)
    const others = [
      { method: 'GET', path: '/docs' },
      { method: 'GET', path: '/docs/' },
      { method: 'GET', path: '/docs/swagger-ui.css' },
      { method: 'GET', path: '/api/v1' },
      { method: 'GET', path: '/api/v1/nothing' },
      { method: 'PUT', path: '/api/v1/jobs' },
      { method: 'OPTIONS', path: '/api/v1/jobs' },
      { method: 'POST', path: '/nothing' },
    ]
    const refused: string[] = []
    const answered: string[] = []
    for (const { method, path } of [...routes, ...others]) {
      const { status, body } = await raw(path, {}, method)
      const isRefusal = status === 401 && codeOf(body) === 'Unauthenticated'
      ;(isRefusal ? refused : answered).push(`${method} ${path}`)
    }
    expect(answered).toEqual(['GET /healthz', 'GET /readyz'])
    expect(refused).toHaveLength(routes.length + others.length - 2)
  })

  test('a token that is no good is no better than none', async () => {
    for (const authorization of ['Bearer guess', 'Bearer ', 'Basic b3duZXI6eA==', running.api.ownerToken]) {
      expect((await raw('/api/v1/jobs', { authorization })).status).toBe(401)
    }
    expect((await raw('/api/v1/jobs', { cookie: 'sluice_session=guess' })).status).toBe(401)
  })

  test('the page can be had, in any of its views, and its assets for ever', async () => {
    for (const path of ['/', '/jobs/123', '/library']) {
      const page = await raw(path, { accept: 'text/html' })
      expect(page.status).toBe(200)
      expect(page.body).toContain('<title>Sluice')
      expect(page.headers['cache-control']).toBe('no-cache')
    }
    const asset = await raw('/assets/app-1a2b.js', {})
    expect(asset.headers['content-type']).toContain('javascript')
    expect(asset.headers['cache-control']).toContain('immutable')
    expect((await raw('/assets/none.js', { accept: '*/*' })).status).toBe(401)
    expect((await raw('/favicon.ico', { accept: 'image/avif,image/webp,*/*;q=0.8' })).status).toBe(401)
    expect((await raw('/', { accept: '*/*' })).body).toContain('<title>Sluice')
    expect((await raw('/assets/..%2f..%2fkeys/owner-token', {})).status).not.toBe(200)
  })

  test('the socket refuses', async () => {
    expect(await refusedWith(running, '/api/v1/progress', {})).toBe(401)
    expect(await refusedWith(running, '/api/v1/progress?ticket=guess', {})).toBe(401)
    expect(await refusedWith(running, '/api/v1/progress?ticket=guess', bearer())).toBe(401)
    expect(await refusedWith(running, '/internal/bus', bearer())).toBe(401)
  })
})

describe('signing in', () => {
  test('turns the token into a cookie that lets in', async () => {
    const { headers, status } = await raw(`/sign-in?token=${running.api.ownerToken}`, {})
    expect(status).toBe(303)
    expect(headers['location']).toBe('/')
    expect(headers['cache-control']).toBe('no-store')
    const cookie = String(headers['set-cookie']?.[0])
    expect(cookie).toMatch(/^sluice_session=[\w.-]+; /)
    for (const attribute of ['HttpOnly', 'SameSite=Strict', 'Path=/', 'Max-Age=']) expect(cookie).toContain(attribute)
    const pair = cookie.split(';')[0] ?? ''
    expect((await raw('/api/v1/jobs', { cookie: pair })).status).toBe(200)
    const out = await raw('/sign-out', { cookie: pair }, 'POST')
    expect(out.status).toBe(204)
    expect(String(out.headers['set-cookie'])).toContain('Expires=Thu, 01 Jan 1970')
  })

  test('fails in words for a link that is no good', async () => {
    for (const path of ['/sign-in', '/sign-in?token=guess', '/sign-in?token=a&token=b']) {
      const { status, body, headers } = await raw(path, {})
      expect(status).toBe(401)
      expect(body).toContain('npm start')
      expect(headers['set-cookie']).toBeUndefined()
    }
  })
})

describe('roles', () => {
  test('a viewer reads and does not write', async () => {
    const token = await running.api.tokens.issue({ principal: { subject: 'v', role: 'viewer' }, lifetimeSeconds: 60 })
    const viewer = { authorization: `Bearer ${token}`, 'content-type': 'application/json' }
    expect((await raw('/api/v1/jobs', viewer)).status).toBe(200)
    for (const [method, path] of [
      ['POST', '/api/v1/jobs'],
      ['POST', '/api/v1/jobs/x/cancel'],
      ['POST', '/api/v1/jobs/x/retry'],
      ['DELETE', '/api/v1/jobs/x'],
      ['DELETE', '/api/v1/media/x'],
      ['POST', '/api/v1/info'],
    ] as const) {
      const { status, body } = await raw(path, viewer, method, method === 'POST' ? '{}' : undefined)
      expect([method, path, status]).toEqual([method, path, 403])
      expect(codeOf(body)).toBe('Forbidden')
    }
  })
})

describe('other names and other pages', () => {
  test('a Host that is not ours is refused everywhere', async () => {
    for (const path of ['/', '/healthz', '/api/v1/jobs', '/sign-in?token=x', '/docs/']) {
      const { status, body } = await raw(path, { ...bearer(), host: 'evil.example' })
      expect([path, status]).toEqual([path, 421])
      expect(codeOf(body)).toBe('HostRefused')
    }
    expect(await refusedWith(running, '/api/v1/progress', { ...bearer(), host: 'evil.example' })).toBe(421)
  })

  test('a page of another origin can neither write nor listen', async () => {
    const evil = { ...bearer(), origin: 'http://evil.example', 'content-type': 'application/json' }
    for (const [method, path] of [
      ['POST', '/api/v1/jobs'],
      ['DELETE', '/api/v1/jobs/x'],
      ['POST', '/sign-out'],
      ['POST', '/api/v1/progress/tickets'],
    ] as const) {
      const { status, body } = await raw(path, evil, method)
      expect([method, path, status]).toEqual([method, path, 403])
      expect(codeOf(body)).toBe('OriginRefused')
    }
    expect(await refusedWith(running, '/api/v1/progress', evil)).toBe(403)
    const { headers } = await raw('/api/v1/jobs', evil)
    expect(headers['access-control-allow-origin']).toBeUndefined()
  })

  test('our own page can', async () => {
    const own = { ...bearer(), origin: `http://127.0.0.1:${running.port}`, 'sec-fetch-site': 'same-origin' }
    expect((await raw('/api/v1/progress/tickets', own, 'POST')).status).toBe(201)
  })

  test('every answer says what it may be used for', async () => {
    for (const path of ['/', '/api/v1/jobs', '/docs/', '/nothing']) {
      const { headers } = await raw(path, { ...bearer(), accept: 'text/html' })
      expect(headers['content-security-policy']).toMatch(/default-src 'self'.*frame-ancestors 'none'/)
      expect([path, headers['x-content-type-options']]).toEqual([path, 'nosniff'])
      expect([path, headers['referrer-policy']]).toEqual([path, 'no-referrer'])
      expect(headers['x-powered-by']).toBeUndefined()
    }
  })
})

describe('requests that nothing can be made of', () => {
  const json = () => ({ ...bearer(), 'content-type': 'application/json' })
  const post = (body: string, headers: Record<string, string> = json()) => raw('/api/v1/jobs', headers, 'POST', body)

  test.each<[string, () => ReturnType<typeof raw>, number, string]>([
    ['an unknown address', () => raw('/api/v1/nothing', bearer()), 404, 'NotFound'],
    ['an unknown method', () => raw('/api/v1/jobs', bearer(), 'PUT'), 405, 'MethodNotAllowed'],
    ['JSON that is none', () => post('{"url":'), 400, 'InvalidRequest'],
    ['JSON that is no object', () => post('[1]'), 400, 'InvalidRequest'],
    ['no body', () => raw('/api/v1/jobs', bearer(), 'POST'), 400, 'InvalidRequest'],
    [
      'a form',
      () => post('url=x', { ...bearer(), 'content-type': 'application/x-www-form-urlencoded' }),
      415,
      'UnsupportedContentType',
    ],
    [
      'another charset',
      () => post('{}', { ...bearer(), 'content-type': 'application/json; charset=koi8-r' }),
      415,
      'UnsupportedContentType',
    ],
    ['a body too large', () => post(`{"url":"${'x'.repeat(11_000_000)}"}`), 413, 'PayloadTooLarge'],
    ['an address that is not encoded right', () => raw('/api/v1/jobs/%ff', bearer()), 400, 'InvalidRequest'],
    ['a socket without upgrading', () => raw('/api/v1/progress', bearer()), 426, 'UpgradeRequired'],
  ])('%s is a problem with a code', async (_name, send, status, code) => {
    const answer = await send()
    expect(answer.status).toBe(status)
    expect(answer.headers['content-type']).toContain('application/problem+json')
    const problem = problemSchema.parse(JSON.parse(answer.body))
    expect(problem).toMatchObject({ code, status, type: `urn:sluice:problem:${code}` })
    expect(answer.headers['x-request-id']).toBe(problem.requestId)
  })

  test('405 says which methods there are', async () => {
    expect((await raw('/api/v1/jobs', bearer(), 'PUT')).headers['allow']).toBe('POST, GET, HEAD, OPTIONS')
    const options = await raw('/api/v1/jobs', bearer(), 'OPTIONS')
    expect(options.status).toBe(204)
    expect(options.headers['allow']).toBe('POST, GET, HEAD, OPTIONS')
  })

  test('what nobody foresaw is 500 without its inner words', async () => {
    const broken = vi.spyOn(running.catalog.jobs, 'countsByState').mockRejectedValue(new Error('password=hunter2'))
    const { status, body } = await raw('/api/v1/system', bearer())
    broken.mockRestore()
    expect(status).toBe(500)
    expect(codeOf(body)).toBe('Internal')
    expect(body).not.toContain('hunter2')
  })

  test('a request keeps the id that it came with', async () => {
    expect((await raw('/healthz', { 'x-request-id': 'trace-1.a' })).headers['x-request-id']).toBe('trace-1.a')
    expect((await raw('/healthz', { 'x-request-id': '<script>' })).headers['x-request-id']).toMatch(/^[0-9a-f-]{36}$/)
  })
})
