import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { createEgress, type Egress } from '../../../tools/egress-guard.ts'
import { parseInfo } from '../../../tools/ytdlp-info.ts'
import { extractInfo, fetchFormats, type YtdlpContext } from '../../../tools/ytdlp.ts'

let egress: Egress
let dir: string
beforeAll(async () => {
  egress = await createEgress({ allowAddresses: [] }, { warn: () => {} })
})
afterAll(() => egress.close())
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'sluice-ytdlp-'))
})
afterEach(() => rm(dir, { recursive: true, force: true }))

/** A yt-dlp that does what the script says. */
const contextOf = async (script: string): Promise<YtdlpContext> => {
  const ytdlp = join(dir, 'fake-yt-dlp')
  await writeFile(ytdlp, `#!/bin/sh\n${script}\n`, { mode: 0o755 })
  return { paths: { ytdlp, deno: 'deno' }, egress, cacheDir: join(dir, 'cache'), cwd: dir }
}

const ask = { url: 'https://site.example/watch?v=1', format: 'b', sort: [] }
const info = parseInfo(
  JSON.stringify({
    id: '1',
    title: 'One',
    extractor: 'site',
    webpage_url: 'https://site.example/watch?v=1',
    cookies: 'session=secret',
    formats: [{ format_id: 'mp4', url: 'https://cdn.example/1', protocol: 'https', ext: 'mp4' }],
    requested_downloads: [{ format_id: 'mp4' }],
  }),
)
const finished = (bytes: number): string =>
  `echo 'SLUICE-PROGRESS part0 {"status": "finished", "downloaded_bytes": ${bytes}, "total_bytes": ${bytes}}'`
const named = `echo "SLUICE-FILE part0 \\"$PWD/part0.mp4\\""`

describe('extractInfo', () => {
  it('does not believe an answer that is none', async () => {
    const context = await contextOf('echo "Deprecated Feature: something"')
    await expect(extractInfo(context, ask)).rejects.toMatchObject({ code: 'ToolCrashed' })
  })

  it('keeps the way out in the environment, where only the program sees it', async () => {
    const context = await contextOf('echo "$@" >&2; echo "$http_proxy" > proxy; exit 1')
    await expect(extractInfo(context, ask)).rejects.toMatchObject({
      code: 'ToolCrashed',
      details: { stderrTail: expect.not.stringMatching(/127\.0\.0\.1/) },
    })
    expect((await stat(join(dir, 'proxy'))).size).toBeGreaterThan(20)
  })

  it('tells a crash of the program from a failure of the site', async () => {
    const context = await contextOf('echo "Traceback (most recent call last):" >&2; exit 1')
    await expect(extractInfo(context, ask)).rejects.toMatchObject({ code: 'ToolCrashed', details: { exitCode: 1 } })
  })
})

describe('fetchFormats', () => {
  it('takes a file of the size that was announced, and gives yt-dlp no address to ask anew', async () => {
    const context = await contextOf(
      `grep -q webpage_url load.json && exit 9; printf abc > part0.mp4; ${finished(3)}; ${named}`,
    )
    expect(await fetchFormats(context, info, () => {})).toEqual([{ path: join(dir, 'part0.mp4'), sizeBytes: 3 }])
    expect((await stat(join(dir, 'load.json'))).mode & 0o777).toBe(0o600)
  })

  it('asks for no file that is called like a program, which yt-dlp would not write', async () => {
    const odd = { ...info, formats: info.formats?.map((format) => ({ ...format, ext: 'php' })) }
    const context = await contextOf(`grep -q php load.json && exit 9; printf abc > part0.mp4; ${finished(3)}; ${named}`)
    expect(await fetchFormats(context, odd, () => {})).toHaveLength(1)
  })

  it.each([
    ['an exit code of 0 without a file', finished(3), 'ToolCrashed'],
    ['the name of a file that is not there', `${finished(3)}; ${named}`, 'ToolCrashed'],
    ['a file that is too short', `printf ab > part0.mp4; ${finished(3)}; ${named}`, 'SourceUnavailable'],
  ])('does not believe %s', async (_what, script, code) => {
    await expect(fetchFormats(await contextOf(script), info, () => {})).rejects.toMatchObject({ code })
  })

  it('stops when the one who listens has had enough', async () => {
    const context = await contextOf(`${finished(3)}; sleep 60`)
    const enough = new Error('enough')
    const fetched = fetchFormats(context, info, () => {
      throw enough
    })
    await expect(fetched).rejects.toBe(enough)
  })
})
