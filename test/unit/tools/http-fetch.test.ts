import { expect, it } from 'vitest'
import { directFile } from '../../../tools/http-fetch.ts'
import { parseInfo } from '../../../tools/ytdlp-info.ts'

const format = { format_id: 'mp4', url: 'https://host/a.mp4', ext: 'mp4', protocol: 'https' }
const infoOf = (change: object, direct = true) =>
  parseInfo(
    JSON.stringify({
      id: 'a',
      extractor: 'generic',
      direct,
      formats: [{ ...format, ...change }],
      requested_downloads: [{ format_id: 'mp4' }],
    }),
  )

it('takes the address and what was sent to it', () => {
  const file = directFile(infoOf({ http_headers: { 'User-Agent': 'mine', Referer: 'https://page/' } }))
  expect(file).toMatchObject({ url: 'https://host/a.mp4', ext: 'mp4' })
  expect(file?.headers).toMatchObject({ 'user-agent': 'mine', referer: 'https://page/', 'sec-fetch-mode': 'navigate' })
})

it('makes no path of an extension', () => {
  expect(directFile(infoOf({ ext: '../x' }))?.ext).toBe('bin')
})

it.each([
  ['what is not direct', infoOf({}, false)],
  ['what needs cookies', infoOf({ cookies: 'a=b; Domain=host' })],
  ['what comes in pieces', infoOf({ fragments: [{ url: 'https://host/1' }] })],
  ['what is asked for by a form', infoOf({ request_data: 'a=b' })],
  ['a playlist', infoOf({ protocol: 'm3u8_native' })],
])('leaves %s to yt-dlp', (_what, info) => {
  expect(directFile(info)).toBeNull()
})
