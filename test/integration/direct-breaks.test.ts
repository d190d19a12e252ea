import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { readFile, writeFile } from 'node:fs/promises'
import { createServer, type AddressInfo } from 'node:net'
import { join } from 'node:path'
import { CancelledFailure } from '@temporalio/common'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { ProgressSample } from '../../contract/progress.ts'
import type { Resolved } from '../../contract/steps.ts'
import { createEgress } from '../../tools/egress-guard.ts'
import { fetchDirect } from '../../tools/http-fetch.ts'
import { createDirectLine, MIB } from './direct-line.ts'
import { file, inTurn, status } from './origin-answers.ts'
import { failureOf, quietEnvironment, type Ask } from './source-line.ts'

let line: Awaited<ReturnType<typeof createDirectLine>>
beforeAll(async () => {
  line = await createDirectLine()
})
afterAll(() => line.close())

describe('a connection that breaks', { concurrent: true }, () => {
  it('is continued where it broke, if the file is still the same', async () => {
    const path = line.serve({}, { cutAfterBytes: MIB }, {})
    expect(Buffer.compare(await line.bytesOf(path), line.bytes)).toBe(0)
    const [, , last, ...more] = line.requestsOf(path)
    expect(more).toEqual([])
    expect(last).toMatchObject({ range: expect.stringMatching(/^bytes=\d{4,}-$/), ifRange: `"${line.bytes.length}"` })
  })

  it('is outlived through an origin that has to recover', async () => {
    const path = line.serve({})
    const breaking = file(line.media, { cutAfterBytes: MIB })
    line.origin.on(path, inTurn(file(line.media), breaking, status(502), status(502), file(line.media)))
    expect(Buffer.compare(await line.bytesOf(path), line.bytes)).toBe(0)
  })

  it.each([
    ['as large', 3 * MIB, false],
    ['shorter than what came', 100_000, false],
    ['as large, at an origin without care for If-Range', 3 * MIB, true],
    ['shorter than what came, at an origin without care for If-Range', 100_000, true],
  ])('is taken up anew where the file has changed: %s', async (what, sizeBytes, careless) => {
    const path = `/${what.replaceAll(/\W/g, '-')}.mp4`
    const changed = randomBytes(sizeBytes)
    const other = join(line.config.dataDir, path)
    await writeFile(other, changed)
    const begun = file(line.media, { etag: '"old"', cutAfterBytes: MIB })
    const later = file(other, { etag: '"new"' })
    line.origin.on(
      path,
      inTurn(file(line.media, { etag: '"old"' }), begun, (request, response) => {
        if (careless) delete request.headers['if-range']
        return later(request, response)
      }),
    )
    expect(Buffer.compare(await line.bytesOf(path), changed)).toBe(0)
  })

  it('is taken up anew where nothing vouches for the file', async () => {
    const path = line.serve({ plain: true }, { plain: true, cutAfterBytes: MIB }, { plain: true })
    expect(Buffer.compare(await line.bytesOf(path), line.bytes)).toBe(0)
    expect(line.requestsOf(path).map(({ range }) => range)).toEqual([null, null, null])
  })

  it.each([
    [
      'shorter than announced',
      { claimedBytes: 9_999_999 },
      /^127\.0\.0\.1 broke the download off: \d+ of 9999999 bytes came\.$/,
    ],
    ['that always breaks', { plain: true, cutAfterBytes: 20_000 }, / broke the download off: \d+ of \d+ bytes came\.$/],
    [
      'that always breaks, of unknown size',
      { plain: true, unsized: true, cutAfterBytes: 20_000 },
      / broke the download off: \d+ bytes came\.$/,
    ],
  ])('a body %s', async (_what, behaviour, words) => {
    const path = line.serve(behaviour)
    const ask = { url: line.origin.urlOf(path) }
    expect(await failureOf(line.fetch(ask))).toMatchObject({
      code: 'SourceUnavailable',
      message: expect.stringMatching(words),
    })
  })

  it('by silence is continued, and given up where it stays silent', async () => {
    const silent = { cutAfterBytes: 100_000, stalls: true } as const
    const impatient = await createDirectLine({ SLUICE_STALL_MS: '4000' })
    expect(Buffer.compare(await impatient.bytesOf(impatient.serve({}, silent, {})), impatient.bytes)).toBe(0)
    const failure = await failureOf(impatient.bytesOf(impatient.serve({}, silent)))
    expect(failure).toMatchObject({ code: 'SourceUnavailable', message: '127.0.0.1 did not answer in time.' })
    expect(await impatient.scratchLeft()).toEqual([])
    await impatient.close()
  })

  it('by cancelling ends at once', async () => {
    const path = line.serve({}, { cutAfterBytes: 100_000, stalls: true })
    const ask = { url: line.origin.urlOf(path), jobId: 'cancelled' }
    const { endedWithinMs } = await cancelMidway(ask, await line.resolve(ask))
    // By itself it would when the origin has been silent for 20 s.
    expect(endedWithinMs).toBeLessThan(10_000)
  })
})

/** A download that is cancelled once its first bytes are there. */
const cancelMidway = async (ask: Ask, resolved: Resolved): Promise<{ endedWithinMs: number }> => {
  const environment = quietEnvironment()
  const started = new Promise<void>((begun) =>
    environment.on('heartbeat', ({ progress }: { progress: ProgressSample | null }) => {
      if (progress !== null && progress.unit === 'bytes' && (progress.done ?? 0) > 0) begun()
    }),
  )
  const download = line.download(ask, resolved, environment)
  await Promise.race([started, download])
  const cancelledAt = performance.now()
  environment.cancel()
  await expect(download).rejects.toBeInstanceOf(CancelledFailure)
  return { endedWithinMs: performance.now() - cancelledAt }
}

describe('an origin that closes each connection behind its answer', { concurrent: true }, () => {
  /** Sends head, body and FIN without a pause, faster than they are taken. */
  const serveOnce = async (body: Buffer, claimedBytes: number) => {
    const server = createServer((socket) => {
      socket.on('error', () => {})
      socket.once('data', () => {
        const head = [
          'HTTP/1.1 200 OK',
          'Content-Type: video/mp4',
          `Content-Length: ${claimedBytes}`,
          'Connection: close',
        ]
        socket.write(`${head.join('\r\n')}\r\n\r\n`)
        socket.end(body)
      })
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    const openLine = await createDirectLine({ SLUICE_ALLOW_ADDRESSES: `127.0.0.1:${port}` })
    return {
      line: openLine,
      url: `http://127.0.0.1:${port}/clip.mp4`,
      close: async () => {
        await openLine.close()
        server.close()
      },
    }
  }

  it.each([300_000, 3 * MIB])('gives a file of %i bytes whole, each time', async (sizeBytes) => {
    const body = Buffer.concat([Buffer.alloc(1), randomBytes(sizeBytes - 1)])
    const served = await serveOnce(body, body.length)
    for (let time = 0; time < 15; time += 1) {
      const { path } = await served.line.fetch({ url: served.url })
      expect(Buffer.compare(await readFile(path), body)).toBe(0)
    }
    await served.close()
  })

  it('is no end of the file where bytes are missing', async () => {
    const body = Buffer.concat([Buffer.alloc(1), randomBytes(300_000)])
    const served = await serveOnce(body, 7_515_526)
    const failure = await failureOf(served.line.fetch({ url: served.url }))
    expect(failure).toMatchObject({ code: 'SourceUnavailable', message: expect.stringContaining('of 7515526 bytes') })
    await served.close()
  })
})

describe('an attempt that ends early', { concurrent: true }, () => {
  const SLOWLY = { bytesPerSecond: MIB / 2 }

  it.each([
    ['goes on in the next, if the file is still the same', 'same', 3 * MIB, '"old"', /^bytes=\d{4,}-$/],
    ['is forgotten where the file has changed', 'changed', 3 * MIB, '"new"', /^bytes=\d{4,}-$/],
    ['is forgotten where the file has become shorter', 'shorter', 10_000, '"new"', /^bytes=\d{4,}-$/],
  ])('%s', async (_what, name, sizeBytes, etag, range) => {
    const path = `/early-${name}.mp4`
    const later = join(line.config.dataDir, path)
    await writeFile(later, etag === '"old"' ? line.bytes : randomBytes(sizeBytes))
    const old = (behaviour = {}) => file(line.media, { etag: '"old"', ...behaviour })
    line.origin.on(path, inTurn(old(), old(SLOWLY), file(later, { etag })))
    const ask = { url: line.origin.urlOf(path), jobId: `early-${name}` }
    const resolved = await line.resolve(ask)
    await cancelMidway(ask, resolved)
    const { file: whole } = await line.download(ask, resolved)
    expect(Buffer.compare(await readFile(await line.store.read(whole.key)), await readFile(later))).toBe(0)
    expect(line.requestsOf(path)[2]).toMatchObject({ range: expect.stringMatching(range), ifRange: '"old"' })
  })

  it('does not fetch again which of two files was whole', async () => {
    const [first, second] = [line.serve({}), line.serve({})]
    line.origin.on(second, inTurn(status(503), file(line.media)))
    const files = [first, second].map((path) => ({ at: { file: line.origin.urlOf(path) }, ext: 'mp4', headers: {} }))
    const egress = await createEgress(line.config, { warn: () => {} })
    const dir = join(line.config.dataDir, 'two-files')
    const fetchBoth = () => fetchDirect({ egress, silenceMs: 20_000 }, dir, files, () => {})
    try {
      await expect(fetchBoth()).rejects.toMatchObject({ code: 'SourceUnavailable' })
      const whole = await Promise.all((await fetchBoth()).map(({ path }) => readFile(path)))
      expect(whole.map((bytes) => Buffer.compare(bytes, line.bytes))).toEqual([0, 0])
      const last = `bytes=${line.bytes.length - 1}-`
      expect(line.requestsOf(first).map(({ range }) => range)).toEqual([null, last])
    } finally {
      await egress.close()
    }
  })

  it('is forgotten where nothing vouches for the file', async () => {
    const path = line.serve({ plain: true }, { plain: true, ...SLOWLY }, { plain: true })
    const ask = { url: line.origin.urlOf(path), jobId: 'early-plain' }
    const resolved = await line.resolve(ask)
    await cancelMidway(ask, resolved)
    const { file: whole } = await line.download(ask, resolved)
    expect(Buffer.compare(await readFile(await line.store.read(whole.key)), line.bytes)).toBe(0)
    expect(line.requestsOf(path)[2]).toMatchObject({ range: null })
  })
})

it('leaves nothing behind', async () => {
  expect(await line.scratchLeft()).toEqual([])
})
