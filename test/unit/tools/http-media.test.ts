import { describe, expect, it } from 'vitest'
import { directInfo, isBinary, looksDirect, nameAsAsked } from '../../../tools/http-media.ts'
import { parseInfo } from '../../../tools/ytdlp-info.ts'

describe('looksDirect', () => {
  it.each([
    ['https://host/clip.mp4', true],
    ['https://host/CLIP.MKV?token=1.2#t=3', true],
    ['https://host/clip.mp4/', false],
    ['https://host/watch?file=clip.mp4', false],
    ['https://host/index.m3u8', false],
    ['https://host/manifest.mpd', false],
    ['https://host/segment0.ts', false],
    ['https://host.mp4/', false],
    ['https://i.imgur.com/abc.mp4', false],
    ['https://notimgur.com/abc.mp4', true],
  ])('%s: %s', (address, expected) => {
    expect(looksDirect(address)).toBe(expected)
  })
})

describe('directInfo', () => {
  const answer = (url: string, headers: Record<string, string>, status = 200) => {
    const host = new URL(url).hostname
    return { status, url, headers, host }
  }

  it('is what the generic extractor says', () => {
    const headers = { 'content-type': 'video/mp4', 'content-length': '1000' }
    expect(directInfo(answer('https://host/a/My%20clip.mp4?x=1', headers))).toMatchObject({
      _type: 'video',
      id: 'My clip',
      title: 'My clip',
      extractor: 'generic',
      direct: true,
      webpage_url: 'https://host/a/My%20clip.mp4?x=1',
      formats: [{ format_id: 'mp4', ext: 'mp4', protocol: 'https', filesize: 1_000, vcodec: null }],
      requested_downloads: [{ format_id: 'mp4' }],
    })
  })

  it.each([
    ['video/webm', true],
    ['audio/mpeg; charset=binary', true],
    ['application/ogg', true],
    ['application/octet-stream', true],
    ['', true],
    ['text/plain; charset=utf-8', true],
    ['application/force-download', true],
    ['text/html', false],
    ['application/json', false],
    ['application/dash+xml', false],
    ['application/vnd.apple.mpegurl', false],
    ['audio/x-mpegurl', false],
    ['video/vnd.mpeg.dash.mpd', false],
    ['image/jpeg', false],
  ])('of the type "%s": %s', (contentType, expected) => {
    const info = directInfo(answer('https://host/a.mp4', { 'content-type': contentType }))
    expect(info !== null).toBe(expected)
  })

  it('has no picture where the type says so', () => {
    const info = directInfo(answer('https://host/a.mp4', { 'content-type': 'audio/mp4' }))
    expect(info?.formats?.[0]?.vcodec).toBe('none')
  })

  it('has the name that was asked for where the address that answers has none', () => {
    const headers = { 'content-type': 'application/octet-stream' }
    const store = answer('https://store.example/4711?sig=x', headers)
    expect(directInfo(store, 'https://host/releases/My%20clip.mp4')).toMatchObject({
      id: 'My clip',
      title: 'My clip',
      webpage_url: 'https://host/releases/My%20clip.mp4',
      formats: [{ url: 'https://store.example/4711?sig=x', ext: 'mp4' }],
    })
    expect(directInfo(answer('https://host/other.webm', headers), 'https://host/clip.mp4')?.title).toBe('other')
    expect(directInfo(answer('https://www.dropbox.com/4711', headers), 'https://host/clip.mp4')).toBeNull()
    expect(directInfo({ ...store, headers: { 'content-type': 'text/html' } }, 'https://host/clip.mp4')).toBeNull()
  })

  it('is nothing of a part, of what is packed, and of an address that leads elsewhere', () => {
    const headers = { 'content-type': 'video/mp4' }
    expect(directInfo(answer('https://host/a.mp4', headers, 206))).toBeNull()
    expect(directInfo(answer('https://host/a.mp4', { ...headers, 'content-encoding': 'br' }))).toBeNull()
    expect(directInfo(answer('https://host/signed/4711', headers))).toBeNull()
  })
})

describe('nameAsAsked', () => {
  const info = (more: object = {}) =>
    parseInfo(
      JSON.stringify({
        id: '4711',
        title: '4711',
        extractor: 'generic',
        direct: true,
        webpage_url: 'https://store.example/4711?sig=x',
        formats: [{ format_id: '0', url: 'https://store.example/4711?sig=x', ext: 'unknown_video' }],
        ...more,
      }),
    )

  it('names what a store of files gave', () => {
    expect(nameAsAsked(info(), 'https://host/My%20clip.webm')).toMatchObject({
      id: 'My clip',
      title: 'My clip',
      webpage_url: 'https://host/My%20clip.webm',
      formats: [{ ext: 'webm', url: 'https://store.example/4711?sig=x' }],
    })
  })

  it('keeps no signed address, even where nothing has a name', () => {
    expect(nameAsAsked(info(), 'https://host/download')).toMatchObject({
      title: '4711',
      webpage_url: 'https://host/download',
      formats: [{ url: 'https://store.example/4711?sig=x' }],
    })
  })

  it.each([
    ['is no file', { direct: null }, 'https://host/clip.mp4'],
    ['has a name of its own', { webpage_url: 'https://store.example/other.mp4' }, 'https://host/clip.mp4'],
    ['is of a site', { extractor: 'site' }, 'https://host/clip.mp4'],
  ])('leaves the name of what %s', (_what, more, asked) => {
    expect(nameAsAsked(info(more), asked).title).toBe('4711')
  })
})

describe('isBinary', () => {
  it.each([
    ['\u0000\u0000\u0000\u0020ftypisom', true],
    ['ID3\u0004', true],
    ['\n <!doctype html>', false],
    ['\uFEFF<?xml version="1.0"?>', false],
    ['#EXTM3U\n', false],
    ['', false],
  ])('%j: %s', (head, expected) => {
    expect(isBinary(Buffer.from(head))).toBe(expected)
  })
})
