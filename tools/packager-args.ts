import { SEGMENT_MS } from '../contract/plan.ts'

/** One stream for Shaka Packager, by file names within the folder that it works in. */
export interface PackagerStream {
  kind: 'video' | 'audio'
  /** Folder of its segments and playlist: `720p`, `audio`. */
  name: string
  input: string
  /** Of sound, as its track states it; left out or null where nobody knows it. */
  language?: string | null
}

export const HLS_MASTER = 'master.m3u8'
export const DASH_MANIFEST = 'manifest.mpd'

/**
 * Arguments for HLS and DASH over the same CMAF segments, written below `output`. Names are relative to the packager's folder
 * and our own: its descriptors give commas and equals signs a meaning.
 */
export const packagerArgs = (streams: readonly PackagerStream[], output: string): string[] => [
  ...streams.map((stream) => descriptor(stream, output)),
  '--segment_duration',
  `${SEGMENT_MS / 1_000}`,
  ...defaultArgs(streams),
  '--hls_master_playlist_output',
  `${output}/${HLS_MASTER}`,
  '--hls_playlist_type',
  'VOD',
  '--mpd_output',
  `${output}/${DASH_MANIFEST}`,
  // Segments in files of their own would make it a live manifest otherwise.
  '--generate_static_live_mpd',
  '--quiet',
]

/** Marks the sound of HLS that players begin with; the packager can only do so by a language. */
const defaultArgs = (streams: readonly PackagerStream[]): string[] => {
  const language = streams.find(({ kind }) => kind === 'audio')?.language ?? null
  return language === null ? [] : ['--default_language', language]
}

const descriptor = ({ kind, name, input }: PackagerStream, output: string): string => {
  const fields: Record<string, string> = {
    in: input,
    stream: kind,
    init_segment: `${output}/${name}/init.mp4`,
    segment_template: `${output}/${name}/$Number%05d$.m4s`,
    playlist_name: `${name}/index.m3u8`,
    ...(kind === 'audio' ? { hls_group_id: 'audio', hls_name: 'main' } : {}),
  }
  return Object.entries(fields)
    .map(([field, value]) => `${field}=${value}`)
    .join(',')
}
