import { describe, expect, it } from 'vitest'
import { SluiceError } from '../../../contract/failures.ts'
import {
  chosenFormats,
  expiryOf,
  identityOf,
  stampOf,
  parseInfo,
  refuseLive,
  sizeOfFormat,
  uploaderOf,
  webAddressOf,
} from '../../../tools/ytdlp-info.ts'

const format = (id: string, more: object = {}) => ({
  format_id: id,
  url: `https://cdn.example/${id}`,
  protocol: 'https',
  ...more,
})
const info = (more: object = {}) =>
  parseInfo(
    JSON.stringify({ id: 'dQw4w9WgXcQ', title: 'A title', extractor: 'youtube', extractor_key: 'Youtube', ...more }),
  )

describe('parseInfo', () => {
  it('keeps what it does not know, for yt-dlp to read again', () => {
    expect(info({ cookies: 'a=b', n_sig: 1 })).toMatchObject({ cookies: 'a=b', n_sig: 1 })
  })

  it.each(['', 'null', '[]', '{"id":1}', 'ERROR'])('refuses %j', (json) => {
    expect(() => parseInfo(json)).toThrow(SluiceError)
  })
})

describe('an answer of one format that is not in a list', () => {
  const answer = { format_id: '0', url: 'https://a.example/get', ext: 'unknown_video', protocol: 'https', title: 'get' }

  it.each([true, false])('has that format (direct: %s)', (direct) => {
    const one = info({ ...answer, direct, http_headers: { Referer: 'x' }, requested_downloads: [{}] })
    expect(one.formats).toHaveLength(1)
    expect(chosenFormats(one)).toMatchObject([
      { format_id: '0', url: 'https://a.example/get', protocol: 'https', http_headers: { Referer: 'x' } },
    ])
  })

  it('is refused where it would go past the guard', () => {
    expect(() => chosenFormats(info({ ...answer, protocol: 'rtmp' }))).toThrow('over "rtmp"')
  })

  it('has none where there is no address', () => {
    expect(() => chosenFormats(info({ ...answer, url: null }))).toThrow('No media were found')
  })
})

describe('stampOf', () => {
  const one = { format_id: '22', url: 'https://a.example/v', ext: 'mp4', protocol: 'https', filesize: 1_000 }
  const of = (format: object, change: object = {}) =>
    stampOf(info({ formats: [{ ...one, ...format }], requested_downloads: [{ format_id: '22' }], ...change }))
  const page = { extractor: 'generic', extractor_key: 'Generic' }

  it('is the same for new addresses of the same media, and another for media that changed', () => {
    expect(of({ url: 'https://a.example/v?signature=2', tbr: 3 })).toBe(of({}))
    expect(of({ filesize: 1_001 })).not.toBe(of({}))
    expect(of({}, { duration: 7 })).not.toBe(of({}))
  })

  it('of a mere file is what its origin vouches for, and nothing else', () => {
    expect(of({}, page)).toBeNull()
    expect(of({ validator: '"1"' }, page)).not.toBeNull()
    expect(of({ validator: '"2"' }, page)).not.toBe(of({ validator: '"1"' }, page))
  })
})

describe('identityOf', () => {
  it('is extractor and id where the site has ids, whatever the address', () => {
    const one = identityOf(info(), 'https://youtu.be/dQw4w9WgXcQ')
    expect(one).toEqual({ extractor: 'youtube', id: 'dQw4w9WgXcQ', sourceKey: 'youtube:dQw4w9WgXcQ', title: 'A title' })
    expect(identityOf(info(), 'https://www.youtube.com/watch?v=dQw4w9WgXcQ')).toEqual(one)
  })

  it.each([
    ['generic', 'Generic', 'clip (1)', 'clip (1)'],
    ['html5', 'HTML5MediaEmbed', 'A page (1)', 'A page'],
  ])('is the address for %s', (extractor, extractor_key, title, kept) => {
    const page = info({ id: 'page-1', extractor, extractor_key, title })
    const one = identityOf(page, 'https://a.example/page')
    expect(one).toMatchObject({ extractor: 'generic', title: kept })
    expect(one.sourceKey).toMatch(/^generic:[0-9a-f]{64}$/)
    expect(one.sourceKey).toContain(one.id)
    expect(identityOf(page, 'https://b.example/page').sourceKey).not.toBe(one.sourceKey)
  })

  it('falls back on the id where there is no title', () => {
    expect(identityOf(info({ title: ' ' }), 'https://a.example/').title).toBe('dQw4w9WgXcQ')
  })
})

describe('names that a page gave', () => {
  it('are plain text', () => {
    const title = '\u001b]0;owned\u0007A\nfilm\u202egpj\ud800'
    expect(identityOf(info({ title }), 'https://a.example/').title).toBe(']0;ownedA filmgpj\ufffd')
    expect(identityOf(info({ title, extractor: 'generic' }), 'https://a.example/').title).not.toMatch(/\p{Cc}/u)
    expect(uploaderOf(info({ uploader: 'Eve\u009b31m\u2066' }))).toBe('Eve31m')
  })

  it('count as none where nothing is left of them', () => {
    expect(identityOf(info({ title: '\u0007\u202e' }), 'https://a.example/').title).toBe('dQw4w9WgXcQ')
    expect(uploaderOf(info({ uploader: '\u0007 ', channel: 'The channel' }))).toBe('The channel')
    expect(uploaderOf(info())).toBeNull()
  })
})

describe('webAddressOf', () => {
  it.each([
    ['https://a.example/watch?v=1', 'https://a.example/watch?v=1'],
    ['https://a.example/\u001b[31m\u202e', 'https://a.example/%1B[31m%E2%80%AE'],
    ['javascript:alert(1)', null],
    ['data:text/html,x', null],
    ['//a.example/x', null],
    ['', null],
    [null, null],
  ])('of %j is %s', (text, expected) => {
    expect(webAddressOf(text)).toBe(expected)
  })
})

describe('chosenFormats', () => {
  const formats = [format('140', { ext: 'm4a' }), format('137', { ext: 'mp4' })]

  it('is picture before sound, as they were asked for', () => {
    const chosen = chosenFormats(info({ formats, requested_formats: [{ format_id: '137' }, { format_id: '140' }] }))
    expect(chosen.map(({ format_id }) => format_id)).toEqual(['137', '140'])
  })

  it('is one format where that has both', () => {
    const chosen = chosenFormats(info({ formats: [format('18')], requested_downloads: [{ format_id: '18' }] }))
    expect(chosen).toHaveLength(1)
  })

  it.each([
    ['nothing was chosen', { formats }],
    ['what was chosen is not there', { formats, requested_downloads: [{ format_id: '999' }] }],
  ])('refuses where %s', (_what, more) => {
    expect(() => chosenFormats(info(more))).toThrow('No media were found')
  })

  it.each(['rtmp', 'rtsp', 'mms', 'ftp', 'websocket_frag', 'mhtml'])(
    'refuses %s, which would go past the guard',
    (protocol) => {
      const only = { formats: [format('0', { protocol })], requested_downloads: [{ format_id: '0' }] }
      expect(() => chosenFormats(info(only))).toThrow(`over "${protocol}"`)
    },
  )
})

describe('refuseLive', () => {
  it.each(['is_live', 'is_upcoming', 'post_live'])('refuses %s', (live_status) => {
    expect(() => refuseLive(info({ live_status }))).toThrow(/live stream/)
  })

  it('refuses what only says is_live', () => {
    expect(() => refuseLive(info({ is_live: true }))).toThrow(/live stream/)
  })

  it.each([{ live_status: 'was_live' }, { live_status: 'not_live' }, { live_status: null }, {}])('takes %j', (more) => {
    expect(() => refuseLive(info(more))).not.toThrow()
  })
})

describe('sizeOfFormat', () => {
  it.each([
    [
      { filesize: 10, filesize_approx: 12 },
      { bytes: 10, estimated: false },
    ],
    [
      { filesize: null, filesize_approx: 12.6 },
      { bytes: 13, estimated: true },
    ],
    [{ filesize: 0 }, null],
    [{}, null],
  ])('%j', (more, expected) => {
    expect(
      sizeOfFormat(parseInfo(JSON.stringify({ ...info(), formats: [format('1', more)] })).formats?.[0] ?? never()),
    ).toEqual(expected)
  })
})

describe('expiryOf', () => {
  it.each([
    [['https://a.example/videoplayback?expire=1800000000&ip=1'], 1_800_000_000_000],
    [['https://a.example/videoplayback/expire/1800000000/ei/x'], 1_800_000_000_000],
    [['https://a.example/a?Expires=1800000000', 'https://a.example/b?exp=1700000000'], 1_700_000_000_000],
    [['https://a.example/clip.mp4?e=5&expires=tomorrow'], null],
    [['https://a.example/clip.mp4', 'not an address'], null],
    [[], null],
  ])('%j → %s', (urls, expected) => {
    expect(expiryOf(urls.map((url) => ({ ...format('1'), url })) as never)).toBe(expected)
  })
})

const never = (): never => {
  throw new Error('there is a format')
}
