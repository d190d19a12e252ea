import { plainText } from '../contract/plain-text.ts'
import { redact } from './spawn-redact.ts'

/** What only somebody who types yt-dlp's commands could follow. */
const ADVICE =
  /(?:^|[\s("'])--[a-z][a-z-]+|yt[-_]?dlp|youtube-dl|latest version|please report|(?:please|to be) install|dependenc|ffmpeg/i

/** What yt-dlp meant to say, without extractor, exception and advice on using it; empty where nothing else is said. */
export const wordsOf = (error: string): string => {
  const said = plainText(redact(error))
    .replace(/^ERROR: /, '')
    .replace(/^(?:\w+\.)+\w+: /, '')
    .replace(/^\[[^\]]+\] (?:[^\s:]+: )?/, '')
    .replace(/^(?:\[download\] )?Got error: /, '')
    .replace(/ \(caused by .*$/s, '')
  return said
    .split(/(?<=[.!?;])\s+/)
    .filter((sentence) => !ADVICE.test(sentence))
    .join(' ')
    .trim()
    .slice(0, 300)
    .toWellFormed()
    .replace(/[\s,;:]+$/, '')
    .replace(/[^.!?]$/, '$&.')
}
