import { SEGMENT_MS } from '../contract/plan.ts'
import type { SoundRole } from '../contract/source-facts.ts'

/** A picture for Shaka Packager, by file names within the folder that it works in. */
export interface PackagerPicture {
  kind: 'video'
  /** Folder of its segments and playlist: `720p`. */
  name: string
  input: string
}

/** A sound track likewise; its input states its language. The first one is played unless somebody chooses another. */
export interface PackagerSound {
  kind: 'audio'
  name: string
  input: string
  /** For people: any text. */
  label: string
  role: SoundRole | null
}

export type PackagerStream = PackagerPicture | PackagerSound

export const HLS_MASTER = 'master.m3u8'
export const DASH_MANIFEST = 'manifest.mpd'

/**
 * Arguments for HLS and DASH over the same CMAF segments, written below `output`. Names are relative to the packager's folder
 * and our own: its descriptors give commas and equals signs a meaning. Sounds are labelled by them until `announceSounds` has been over the manifests.
 */
export const packagerArgs = (streams: readonly PackagerStream[], output: string): string[] => [
  ...streams.map((stream) => descriptor(stream, { output, first: stream === streams.find(isSound) })),
  '--segment_duration',
  `${SEGMENT_MS / 1_000}`,
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

export const isSound = (stream: PackagerStream): stream is PackagerSound => stream.kind === 'audio'

/** Words of DASH's scheme of roles (ISO/IEC 23009-1, 5.8.5.5), and of HLS where it has some (RFC 8216bis, 4.4.6.1). */
const ROLES: Readonly<Record<SoundRole, { dash: string; hls: string | null }>> = {
  commentary: { dash: 'commentary', hls: null },
  description: { dash: 'description', hls: 'public.accessibility.describes-video' },
  clear: { dash: 'enhanced-audio-intelligibility', hls: 'public.accessibility.enhances-speech-intelligibility' },
  dub: { dash: 'dub', hls: null },
}

const descriptor = (stream: PackagerStream, { output, first }: { output: string; first: boolean }): string => {
  const { kind, name, input } = stream
  const fields: Record<string, string> = {
    in: input,
    stream: kind,
    init_segment: `${output}/${name}/init.mp4`,
    segment_template: `${output}/${name}/$Number%05d$.m4s`,
    playlist_name: `${name}/index.m3u8`,
    ...(isSound(stream) ? soundFields(stream, first) : {}),
  }
  return Object.entries(fields)
    .map(([field, value]) => `${field}=${value}`)
    .join(',')
}

/**
 * The packager puts tracks of the same language and role into one set, as if they were the same in other qualities, unless their
 * labels differ; `--default_language` would mark all tracks of it as the main one.
 */
const soundFields = ({ name, role }: PackagerSound, first: boolean): Record<string, string> => {
  const words = role && ROLES[role]
  const roles = [...(first ? ['main'] : []), ...(words ? [words.dash] : [])]
  return {
    hls_group_id: 'audio',
    hls_name: name,
    dash_label: name,
    dash_roles: roles.length === 0 ? 'alternate' : roles.join(';'),
    ...(words?.hls && { hls_characteristics: words.hls }),
  }
}
