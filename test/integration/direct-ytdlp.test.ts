import { readFile } from 'node:fs/promises'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { resolvedOf } from '../../activities/resolved-info.ts'
import { createEgress } from '../../tools/egress-guard.ts'
import { extractInfo } from '../../tools/ytdlp.ts'
import { createDirectLine } from './direct-line.ts'
import { file, inTurn, redirect, status, videoPage } from './origin-answers.ts'
import { createSourceLine } from './source-line.ts'

/** Where our own way and yt-dlp's meet. */

let line: Awaited<ReturnType<typeof createDirectLine>>
let whole: Awaited<ReturnType<typeof createSourceLine>>
beforeAll(async () => {
  line = await createDirectLine()
  whole = await createSourceLine()
})
afterAll(async () => {
  await line.close()
  await whole.close()
})

describe('with yt-dlp', { concurrent: true }, () => {
  it('a file that the origin keeps from us is fetched by it', async () => {
    whole.origin.on('/kept.mp4', file(line.media))
    const ask = { url: whole.origin.urlOf('/kept.mp4'), jobId: 'kept' }
    const resolved = await whole.resolve(ask)
    whole.origin.on('/kept.mp4', inTurn(status(403), file(line.media)))
    const { file: kept } = await whole.download(ask, resolved)
    expect(Buffer.compare(await readFile(await whole.store.read(kept.key)), line.bytes)).toBe(0)
  })

  it('a file that comes compressed though nobody asked for it is unpacked', async () => {
    whole.origin.on('/packed.mp4', (_request, response) => {
      const packed = gzipSync(line.bytes.subarray(0, 100_000))
      response.writeHead(200, { 'content-type': 'video/mp4', 'content-encoding': 'gzip' }).end(packed)
    })
    const { path } = await whole.fetch({ url: whole.origin.urlOf('/packed.mp4') })
    expect(Buffer.compare(await readFile(path), line.bytes.subarray(0, 100_000))).toBe(0)
  })
})

describe('what a page holds', { concurrent: true }, () => {
  const page = (name: string): string => {
    whole.origin.on(`/${name}`, videoPage('A page', `/${name}.mp4`))
    return whole.origin.urlOf(`/${name}`)
  }

  it('is fetched without it, once it has said where that is', async () => {
    const ask = { url: page('holding'), jobId: 'holding' }
    const referers: (string | undefined)[] = []
    whole.origin.on('/holding.mp4', (request, response) => {
      referers.push(request.headers.referer)
      return file(line.media)(request, response)
    })
    const resolved = await whole.resolve(ask)
    const without = await createSourceLine({
      SLUICE_YTDLP: '/nowhere/yt-dlp',
      SLUICE_DATA: whole.config.dataDir,
      SLUICE_ALLOW_ADDRESSES: whole.origin.address,
    })
    try {
      const { file: held } = await without.download(ask, resolved)
      expect(Buffer.compare(await readFile(await whole.store.read(held.key)), line.bytes)).toBe(0)
    } finally {
      await without.close()
    }
    expect(referers.at(-1)).toBe(ask.url)
  })

  it('is fetched by it where the origin keeps it from us', async () => {
    const ask = { url: page('keeping'), jobId: 'keeping' }
    whole.origin.on('/keeping.mp4', file(line.media))
    const resolved = await whole.resolve(ask)
    whole.origin.on('/keeping.mp4', inTurn(status(403), file(line.media)))
    const { file: kept } = await whole.download(ask, resolved)
    expect(Buffer.compare(await readFile(await whole.store.read(kept.key)), line.bytes)).toBe(0)
  })
})

describe('a file of unknown type without an ending', { concurrent: true }, () => {
  const answers = (contentType: string, name: string) => {
    whole.origin.on(`/${name}`, redirect(`/store/${name}?sig=x`))
    whole.origin.on(`/store/${name}`, file(line.media, { contentType }))
    return whole.origin.urlOf(`/${name}`)
  }

  it.each(['application/octet-stream', 'text/plain'])('of type %s is taken', async (contentType) => {
    const { path, resolved } = await whole.fetch({ url: answers(contentType, `get-${contentType.length}`) })
    expect(Buffer.compare(await readFile(path), line.bytes)).toBe(0)
    expect(resolved).toMatchObject({ extractor: 'generic', title: `get-${contentType.length}` })
  })

  it('is told of', async () => {
    const info = await whole.inspect(answers('application/octet-stream', 'tell'))
    expect(info.formats).toHaveLength(1)
  })

  it('keeps the name it was asked for by, also where a cookie is set on the way', async () => {
    whole.origin.on('/My%20clip.mp4', status(302, { location: '/store/4711', 'set-cookie': 'a=b' }))
    whole.origin.on('/store/4711', file(line.media, { contentType: 'application/octet-stream' }))
    const { resolved, downloaded } = await whole.fetch({ url: whole.origin.urlOf('/My%20clip.mp4') })
    expect(resolved.title).toBe('My clip')
    expect(JSON.stringify(resolved)).not.toContain('/store/')
    expect(downloaded.extension).toBe('mp4')
  })

  it('is never called a program', async () => {
    whole.origin.on('/get.php', file(line.media, { contentType: 'video/mp4' }))
    const { downloaded } = await whole.fetch({ url: whole.origin.urlOf('/get.php') })
    expect(downloaded.extension).toBe('bin')
  })
})

describe('what yt-dlp says of the same file', { concurrent: true }, () => {
  it.each([
    '/clip.mp4?utm_source=mail#t=3',
    '/Übermut im Hof 🎬.webm',
    '/archive.tar.MP4?size=1.5',
    '/bad%FFname.mp4',
    `/${'long'.repeat(60)}.ogg`,
    '/deep//down/a+b&c.m4a',
    '/%2e%2e%2fx.mkv',
    '/moved.mp4',
    '/disposed.mp4',
  ])(
    '%s has the same name, id and key as by itself',
    async (path) => {
      const given = line.origin.urlOf(path)
      const headers: Record<string, string> =
        path === '/disposed.mp4' ? { 'content-disposition': 'attachment; filename="other.webm"' } : {}
      const contentType = /\.(m4a|ogg)$/.test(path) ? 'audio/mpeg; charset=binary' : 'Video/MP4'
      line.origin.on(new URL(given).pathname, file(line.media, { contentType, headers }))
      line.origin.on('/moved.mp4', redirect('/new%20place.mp4?x=1'))
      line.origin.on('/new%20place.mp4', file(line.media))
      const egress = await createEgress(line.config, { warn: () => {} })
      try {
        const jobId = `same-${path.length}-${path.slice(1, 4)}`
        const { sizeBytes, infoKey, stamp, ...ours } = await line.resolve({ url: given, jobId })
        const context = { paths: whole.config.tools, egress, cacheDir: line.config.dataDir, cwd: line.config.dataDir }
        const info = await extractInfo(context, { url: given, format: 'b', sort: [] })
        const ref = { jobId, run: 1, step: 'resolve', part: null, share: 1, attemptBase: 0 } as const
        const { sizeBytes: _, infoKey: key, stamp: none, ...theirs } = resolvedOf(ref, given, info)
        expect(ours).toEqual(theirs)
        expect([sizeBytes, infoKey]).toEqual([line.bytes.length, key])
        // yt-dlp does not say what the origin does: by which its file is told from another.
        expect([typeof stamp, none]).toEqual(['string', null])
        const kept = JSON.parse(await readFile(await line.store.read(infoKey ?? ''), 'utf8'))
        const facts = ({ id, title, direct, extractor, formats }: typeof info) => {
          const [format] = formats ?? []
          return [id, title, direct, extractor, format?.url, format?.ext, format?.vcodec]
        }
        expect(facts(kept.info)).toEqual(facts(info))
      } finally {
        await egress.close()
      }
    },
    60_000,
  )
})
