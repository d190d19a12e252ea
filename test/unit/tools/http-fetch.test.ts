import { expect, it } from 'vitest'
import { directFiles } from '../../../tools/http-fetch.ts'
import { parseInfo } from '../../../tools/ytdlp-info.ts'

const format = { format_id: 'mp4', url: 'https://host/a.mp4', ext: 'mp4', protocol: 'https' }
const infoOf = (change: object) =>
  parseInfo(
    JSON.stringify({
      id: 'a',
      extractor: 'generic',
      formats: [{ ...format, ...change }],
      requested_downloads: [{ format_id: 'mp4' }],
    }),
  )

it('takes the address and what was sent to it', () => {
  const [file] = directFiles(infoOf({ http_headers: { 'User-Agent': 'mine', Referer: 'https://page/' } })) ?? []
  expect(file).toMatchObject({ at: { file: 'https://host/a.mp4' }, ext: 'mp4' })
  expect(file?.headers).toMatchObject({ 'user-agent': 'mine', referer: 'https://page/', 'sec-fetch-mode': 'navigate' })
})

it('makes no path of an extension', () => {
  expect(directFiles(infoOf({ ext: '../x' }))?.[0]?.ext).toBe('bin')
})

it('takes the playlist of segments, or their addresses', () => {
  const placeOf = (change: object) => directFiles(infoOf(change))?.[0]?.at
  expect(placeOf({ protocol: 'm3u8_native' })).toEqual({ playlist: 'https://host/a.mp4' })
  const fragments = [{ path: 'init.mp4' }, { path: '1.m4s' }, { url: 'https://other/2.m4s' }]
  const dash = { protocol: 'http_dash_segments', fragment_base_url: 'https://host/dash/', fragments }
  expect(placeOf(dash)).toEqual({
    segments: ['https://host/dash/init.mp4', 'https://host/dash/1.m4s', 'https://other/2.m4s'],
  })
})

it.each([
  ['what needs cookies', infoOf({ cookies: 'a=b; Domain=host' })],
  ['what comes in pieces', infoOf({ fragments: [{ url: 'https://host/1' }] })],
  ['what is asked for by a form', infoOf({ request_data: 'a=b' })],
  ['what is slow if asked for as a whole', infoOf({ downloader_options: { http_chunk_size: 10_485_760 } })],
  ['what is not there yet', infoOf({ available_at: 1_900_000_000 })],
  ['segments that need cookies', infoOf({ protocol: 'm3u8_native', cookies: 'a=b; Domain=host' })],
  ['a playlist with a key from elsewhere', infoOf({ protocol: 'm3u8_native', hls_aes: { key: 'a' } })],
  ['segments of which nobody knows where they are', infoOf({ protocol: 'http_dash_segments' })],
  ['segments off the web', infoOf({ protocol: 'http_dash_segments', fragments: [{ url: 'file:///etc/passwd' }] })],
  ['a stream of another kind', infoOf({ protocol: 'ism' })],
])('leaves %s to yt-dlp', (_what, info) => {
  expect(directFiles(info)).toBeNull()
})

it('takes picture and sound that come apart, or neither', () => {
  const sound = { format_id: 'sound', url: 'https://host/a.m4a', ext: 'm4a', protocol: 'https' }
  const apart = (change: object) =>
    parseInfo(
      JSON.stringify({
        id: 'a',
        extractor: 'site',
        formats: [format, { ...sound, ...change }],
        requested_formats: [{ format_id: 'mp4' }, { format_id: 'sound' }],
      }),
    )
  expect(directFiles(apart({}))?.map(({ ext }) => ext)).toEqual(['mp4', 'm4a'])
  expect(directFiles(apart({ protocol: 'ism' }))).toBeNull()
})
