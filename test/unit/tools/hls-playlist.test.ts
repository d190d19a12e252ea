import { expect, it } from 'vitest'
import { playlistSegments } from '../../../tools/hls-playlist.ts'

const URL = 'https://example.org/a/index.m3u8?key=1'
const playlist = (...lines: string[]): string => ['#EXTM3U', '#EXT-X-TARGETDURATION:4', ...lines].join('\r\n')
const END = '#EXT-X-ENDLIST'

it('gives the segments in order, under the address of the playlist, its initialization first', () => {
  const lines = [
    '#EXT-X-KEY:METHOD=NONE',
    '#EXT-X-MAP:URI="init.mp4"',
    '#EXTINF:4,',
    '1.m4s?x=2',
    '#EXTINF:4,',
    '/2.m4s',
  ]
  expect(playlistSegments(playlist(...lines, END), URL)).toEqual([
    'https://example.org/a/init.mp4',
    'https://example.org/a/1.m4s?x=2',
    'https://example.org/2.m4s',
  ])
})

it.each([
  ['has no end', ['1.ts']],
  ['is empty', [END]],
  ['has keys', ['#EXT-X-KEY:METHOD=AES-128,URI="key"', '1.ts', END]],
  ['has keys after none', ['#EXT-X-KEY:METHOD=NONE', '1.ts', '#EXT-X-KEY:METHOD=SAMPLE-AES,URI="key"', '2.ts', END]],
  ['is of pieces of a file', ['#EXT-X-BYTERANGE:100@0', '1.ts', END]],
  ['begins with a piece of a file', ['#EXT-X-MAP:URI="all.mp4",BYTERANGE="700@0"', '1.m4s', END]],
  ['has two initializations', ['#EXT-X-MAP:URI="a"', '1.m4s', '#EXT-X-MAP:URI="b"', '2.m4s', END]],
  ['begins anew in the middle', ['1.ts', '#EXT-X-DISCONTINUITY', '2.ts', END]],
  ['has gaps', ['#EXT-X-GAP', '1.ts', END]],
  ['is one of playlists', ['#EXT-X-STREAM-INF:BANDWIDTH=1', '1.m3u8', END]],
  ['leads off the web', ['file:///etc/passwd', END]],
])('is more than files where it %s', (_, lines) => {
  expect(playlistSegments(playlist(...lines), URL)).toBeNull()
})
