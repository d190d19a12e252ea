import type { Media, MediaFile } from '../../../contract/media.ts'

export type Playback = { kind: 'hls' | 'video' | 'audio'; file: MediaFile }

/** What a browser plays of a media: the stream where there is one, else its main file. Null: nothing it could. */
export const playbackOf = (media: Media): Playback | null => {
  const hls = media.files.find((file) => file.role === 'hls')
  if (hls) return { kind: 'hls', file: hls }
  const main = media.files.find((file) => file.role === 'main')
  if (!main) return null
  return { kind: main.contentType.startsWith('audio/') ? 'audio' : 'video', file: main }
}

/** Whether a player can let people choose between sound tracks: each has a playlist of its own in the stream. */
export const offersSounds = (media: Media): boolean =>
  media.files.filter(({ path }) => /^stream\/audio[^/]*\/index\.m3u8$/.test(path)).length > 1
