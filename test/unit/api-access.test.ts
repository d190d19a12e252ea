import { randomBytes } from 'node:crypto'
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import type { IncomingMessage } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { SignJWT } from 'jose'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createAuthenticate } from '../../api/access/authenticate.ts'
import { createOriginGuard } from '../../api/access/origin-guard.ts'
import { ensureOwnerToken } from '../../api/access/owner-token.ts'
import { hasRole, maySee, OWNER, visibleOwner } from '../../api/access/principal.ts'
import { createTokens, readSigningKey } from '../../api/access/tokens.ts'

const request = (headers: Record<string, string>) => ({ headers }) as unknown as IncomingMessage
const key = randomBytes(32)
const tokens = createTokens(key)
const claims = { iss: 'sluice', aud: 'sluice-api', sub: 'owner', role: 'admin' }
const soon = () => Math.floor(Date.now() / 1_000) + 60

describe('tokens', () => {
  test('tell who they were issued to', async () => {
    const token = await tokens.issue({ principal: { subject: 'ada', role: 'editor' }, lifetimeSeconds: 60 })
    expect(await tokens.verify(token)).toMatchObject({ subject: 'ada', role: 'editor' })
  })

  const sign = (payload: Record<string, unknown>, signingKey: Uint8Array = key) =>
    new SignJWT(payload).setProtectedHeader({ alg: 'HS256' }).sign(signingKey)
  const unsigned = `${Buffer.from('{"alg":"none"}').toString('base64url')}.${Buffer.from(
    JSON.stringify({ ...claims, exp: soon() }),
  ).toString('base64url')}.`

  test.each<[string, () => string | Promise<string>]>([
    ['empty', () => ''],
    ['no token', () => 'guess'],
    ['unsigned', () => unsigned],
    ['signed by another', () => sign({ ...claims, exp: soon() }, randomBytes(32))],
    ['expired', () => sign({ ...claims, exp: soon() - 3_600 })],
    ['without an end', () => sign(claims)],
    ['of another issuer', () => sign({ ...claims, iss: 'other', exp: soon() })],
    ['for something else', () => sign({ ...claims, aud: 'other', exp: soon() })],
    ['of a role that is none', () => sign({ ...claims, role: 'root', exp: soon() })],
    ['of nobody', () => sign({ ...claims, sub: '', exp: soon() })],
  ])('%s is refused', async (_name, make) => {
    expect(await tokens.verify(await make())).toBeNull()
  })

  test('that these tests forge are good but for the one thing', async () => {
    expect(await tokens.verify(await sign({ ...claims, exp: soon() }))).not.toBeNull()
  })
})

describe('keys in the data directory', () => {
  let dataDir: string
  beforeEach(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'sluice-keys-'))
  })
  afterEach(() => rm(dataDir, { recursive: true }))

  test('are made once by whoever comes first, for their owner alone', async () => {
    const keys = await Promise.all(Array.from({ length: 10 }, () => readSigningKey(dataDir)))
    expect(new Set(keys.map((made) => Buffer.from(made).toString('hex'))).size).toBe(1)
    const own = createTokens(await readSigningKey(dataDir))
    const made = await Promise.all(Array.from({ length: 10 }, () => ensureOwnerToken({ dataDir, tokens: own })))
    expect(new Set(made).size).toBe(1)
    for (const name of ['signing-key', 'owner-token']) {
      expect((await stat(join(dataDir, 'keys', name))).mode & 0o777).toBe(0o600)
    }
    expect((await stat(join(dataDir, 'keys'))).mode & 0o777).toBe(0o700)
  })

  test('an owner token that is no longer good is replaced', async () => {
    const own = createTokens(await readSigningKey(dataDir))
    const path = join(dataDir, 'keys', 'owner-token')
    await ensureOwnerToken({ dataDir, tokens: own })
    for (const kept of ['rubbish', await own.issue({ principal: OWNER, lifetimeSeconds: 3_600 })]) {
      await writeFile(path, kept)
      const renewed = await ensureOwnerToken({ dataDir, tokens: own })
      expect(renewed).not.toBe(kept)
      expect((await readFile(path, 'utf8')).trim()).toBe(renewed)
      expect(await own.verify(renewed)).toMatchObject(OWNER)
      expect((await stat(path)).mode & 0o777).toBe(0o600)
    }
  })
})

describe('a caller', () => {
  const authenticate = createAuthenticate(tokens)
  const good = () => tokens.issue({ principal: OWNER, lifetimeSeconds: 60 })

  test('is known by bearer token and by cookie', async () => {
    const token = await good()
    expect(await authenticate(request({ authorization: `Bearer ${token}` }))).toMatchObject(OWNER)
    expect(await authenticate(request({ authorization: `bearer ${token}` }))).toMatchObject(OWNER)
    expect(await authenticate(request({ cookie: `a=b; sluice_session=${token}; c=d` }))).toMatchObject(OWNER)
  })

  test('is nobody without, and a wrong bearer token is not made good by a cookie', async () => {
    const token = await good()
    expect(await authenticate(request({}))).toBeNull()
    expect(await authenticate(request({ cookie: 'sluice_session=guess' }))).toBeNull()
    expect(await authenticate(request({ authorization: 'Basic b3duZXI6' }))).toBeNull()
    for (const authorization of ['Bearer guess', 'Basic b3duZXI6', '']) {
      expect(await authenticate(request({ authorization, cookie: `sluice_session=${token}` }))).toBeNull()
    }
  })

  test('may do what weaker roles may, and sees its own', () => {
    const editor = { subject: 'ada', role: 'editor' } as const
    expect([hasRole(editor, 'viewer'), hasRole(editor, 'editor'), hasRole(editor, 'manager')]).toEqual([
      true,
      true,
      false,
    ])
    expect([maySee(editor, 'ada'), maySee(editor, 'bob'), maySee(OWNER, 'bob')]).toEqual([true, false, true])
    expect([visibleOwner(editor), visibleOwner(OWNER)]).toEqual(['ada', null])
  })
})

describe('the Host header', () => {
  const hosts = (config: { host: string; publicUrl: string | null }, host: string) =>
    createOriginGuard(config).hostAllowed(request({ host }))
  const local = { host: '127.0.0.1', publicUrl: null }

  test.each(['localhost:8080', '127.0.0.1:8080', '127.0.0.1', '[::1]:8080', 'LOCALHOST'])('%s is ours', (host) => {
    expect(hosts(local, host)).toBe(true)
  })
  test.each([
    'evil.example',
    'localhost.evil.example',
    '127.0.0.1.evil.example',
    '10.0.0.5',
    '',
    'a b',
    'localhost/x',
    'x@localhost',
  ])('%s is not', (host) => {
    expect(hosts(local, host)).toBe(false)
  })
  test('the configured names are ours too, and addresses where all are listened on', () => {
    const everywhere = { host: '0.0.0.0', publicUrl: 'https://sluice.example/' }
    expect(hosts(everywhere, 'sluice.example')).toBe(true)
    expect(hosts(everywhere, '192.168.1.20:8080')).toBe(true)
    expect(hosts(everywhere, '[fe80::1]:8080')).toBe(true)
    expect(hosts(everywhere, 'other.example')).toBe(false)
    expect(hosts({ host: '192.168.1.20', publicUrl: null }, '192.168.1.20:8080')).toBe(true)
    expect(hosts({ host: '192.168.1.20', publicUrl: null }, '192.168.1.21:8080')).toBe(false)
  })
})

describe('the Origin header', () => {
  const guard = createOriginGuard({ host: '127.0.0.1', publicUrl: 'https://sluice.example' })
  const allowed = (headers: Record<string, string>) =>
    guard.originAllowed(request({ host: 'localhost:8080', ...headers }))

  test('is our own, that of the public address, or none at all', () => {
    expect(allowed({})).toBe(true)
    expect(allowed({ origin: 'http://localhost:8080', 'sec-fetch-site': 'same-origin' })).toBe(true)
    expect(allowed({ origin: 'https://sluice.example' })).toBe(true)
  })
  test.each([
    'http://evil.example',
    'http://localhost:9999',
    'null',
    'http://localhost:8080.evil.example',
    'https://sluice.example.evil',
  ])('%s is refused', (origin) => {
    expect(allowed({ origin })).toBe(false)
  })
  test('what the browser says of the sender counts', () => {
    expect(allowed({ 'sec-fetch-site': 'cross-site' })).toBe(false)
    expect(allowed({ 'sec-fetch-site': 'same-site' })).toBe(false)
  })
})
