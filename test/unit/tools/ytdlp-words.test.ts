import { describe, expect, it } from 'vitest'
import { wordsOf } from '../../../tools/ytdlp-words.ts'

describe('wordsOf', () => {
  it.each([
    [
      'ERROR: [x] 1: It broke; please report this issue on  https://a.example/issues?q= , filling out it. Confirm you are on the latest version using  yt-dlp -U',
      'It broke.',
    ],
    [
      'ERROR: [x] 1: It broke! Please report this issue on  https://a.example/issues?q= , filling out the appropriate issue template. Confirm you are on the latest version using  yt-dlp -U',
      'It broke!',
    ],
    [
      'ERROR: [x] 1: Requires an account. Use --cookies-from-browser or --cookies for the authentication. See  https://github.com/yt-dlp/yt-dlp/wiki/FAQ  for how',
      'Requires an account.',
    ],
    [
      'ERROR: Requested format is not there. Use --list-formats for a list of available formats',
      'Requested format is not there.',
    ],
    ['ERROR: [x] 1: Blocked here. Use a VPN or proxy server (with --proxy) to route around it.', 'Blocked here.'],
    [
      'ERROR: Gone in Germany.\nYou might want to use a VPN or a proxy server (with --proxy) to workaround.',
      'Gone in Germany.',
    ],
    ['yt_dlp.networking.exceptions.RequestError: No such thing', 'No such thing.'],
    ['[download] Got error: 4640 bytes read', '4640 bytes read.'],
    ['ERROR: Use --enable-file-urls', ''],
    ['', ''],
    ['ERROR: [x] 1: \u001b[31mred\u0007\u202e', '[31mred.'],
    ['ERROR: [x] 1: A - B -- C is not for you (caused by <HTTPError 404>)', 'A - B -- C is not for you.'],
  ])('%j → %j', (error, expected) => {
    expect(wordsOf(error)).toBe(expected)
  })
})
