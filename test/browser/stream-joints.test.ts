import { readFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { createGridSources } from '../integration/grid-sources.ts'
import { createMediaLine, type MediaLine, type Made } from '../integration/media-line.ts'
import { launchChromium, openPage } from './chromium.ts'

const PAGE = new URL('stream-joints.html', import.meta.url)

let line: MediaLine
let made: Made
let browser: Browser
let server: Server
beforeAll(async () => {
  line = await createMediaLine()
  browser = await launchChromium()
  const sources = createGridSources(line.config.tools.ffmpeg, line.dataDir)
  // Without B-frames, which the encoded size has.
  made = await line.make(await sources.make({ name: 'joints.mp4', seconds: 9, x264: 'bframes=0' }), 'stream')
  server = createServer((request, response) => {
    const isSegment = made.products.some(({ path }) => path === `stream${request.url}`)
    const path = isSegment ? made.pathOf(`stream${request.url}`) : PAGE
    response.setHeader('content-type', isSegment ? 'video/mp4' : 'text/html')
    readFile(path).then(
      (bytes) => response.end(bytes),
      () => response.destroy(),
    )
  })
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
})
afterAll(async () => {
  await browser.close()
  await new Promise((closed) => server.close(closed))
  await line.close()
})

it('plays from a copied size into an encoded one and back without a gap', async () => {
  expect(made.plan.video).toMatchObject({ copied: { name: '360p' }, renditions: [{ name: '240p' }] })
  const parts = ['360p/init', '360p/00001', '240p/init', '240p/00002', '360p/init', '360p/00003']
  const files = parts.map((part) => `${part}.${part.endsWith('init') ? 'mp4' : 'm4s'}`)
  const { page } = await openPage(browser)
  await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`)
  expect(await page.evaluate(`appendParts(${JSON.stringify(files)})`)).toEqual([[0, expect.closeTo(9, 3)]])
  expect(await page.evaluate('playAcross([4, 8])')).toEqual([360, 240, 240, 360])
})
