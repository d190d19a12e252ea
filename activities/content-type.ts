/** By extension, for what Sluice makes or keeps. */
const CONTENT_TYPES: Readonly<Record<string, string>> = {
  mp4: 'video/mp4',
  m4a: 'audio/mp4',
  mov: 'video/quicktime',
  mkv: 'video/x-matroska',
  mka: 'audio/x-matroska',
  webm: 'video/webm',
  mp3: 'audio/mpeg',
  opus: 'audio/ogg',
  ogg: 'audio/ogg',
  ogv: 'video/ogg',
  flac: 'audio/flac',
  wav: 'audio/wav',
  aac: 'audio/aac',
  aiff: 'audio/aiff',
  avi: 'video/x-msvideo',
  wmv: 'video/x-ms-wmv',
  wma: 'audio/x-ms-wma',
  mpg: 'video/mpeg',
  ts: 'video/mp2t',
  flv: 'video/x-flv',
  gif: 'image/gif',
  m3u8: 'application/vnd.apple.mpegurl',
  mpd: 'application/dash+xml',
  jpg: 'image/jpeg',
  webp: 'image/webp',
  vtt: 'text/vtt',
  json: 'application/json',
}

export const extensionOf = (name: string): string => /\.([a-z0-9]+)$/i.exec(name)?.[1]?.toLowerCase() ?? ''

export const contentTypeOf = (name: string): string => CONTENT_TYPES[extensionOf(name)] ?? 'application/octet-stream'
