import { describe, expect, it } from 'vitest'
import { directInfo, isBinary, looksDirect } from '../../../tools/http-media.ts'

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

  it('is nothing of a part, of what is packed, and of an address that leads elsewhere', () => {
    const headers = { 'content-type': 'video/mp4' }
    expect(directInfo(answer('https://host/a.mp4', headers, 206))).toBeNull()
    expect(directInfo(answer('https://host/a.mp4', { ...headers, 'content-encoding': 'br' }))).toBeNull()
    expect(directInfo(answer('https://host/signed/4711', headers))).toBeNull()
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
