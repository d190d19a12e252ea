import { beep, flash } from './flash-and-beep.ts'

export interface Track {
  /** Part of the second. */
  at: number
  seconds: number
  laterS?: number
  codec: readonly string[]
  tags?: readonly string[]
  disposition?: string
}

/** Of the picture. */
const SECONDS = 4
/** Arguments that make a file of a picture, unless there is to be none, and these tracks, in this order. */
export const film = (tracks: readonly Track[], video: readonly string[] | null = null): string[] => [
  ...(video ? flash(SECONDS) : []),
  ...tracks.flatMap(({ at, seconds, laterS = 0 }) => ['-itsoffset', `${laterS}`, ...beep(seconds, at)]),
  ...[...(video ? [''] : []), ...tracks].flatMap((_, input) => ['-map', `${input}`]),
  ...(video ?? []),
  ...tracks.flatMap(({ codec, tags = [], disposition = '0' }, index) => [
    `-c:a:${index}`,
    ...codec.map((word) => word.replace('#', `${index}`)),
    ...tags.flatMap((tag) => [`-metadata:s:a:${index}`, tag]),
    `-disposition:a:${index}`,
    disposition,
  ]),
]

export const TITLE = 'Version "F", 5.1 <&>'
export const H264 = ['-c:v', 'libx264', '-preset', 'ultrafast', '-pix_fmt', 'yuv420p']

/** Frames that lie beside the grid of their rate. */
export const BESIDE = ['-vf', 'settb=1/1000,setpts=PTS+13', '-fps_mode', 'passthrough', '-enc_time_base', '1:1000']

export const TRACKS = {
  french: { at: 0.7, seconds: 4, codec: ['ac3', '-ac:a:#', '6'], tags: ['language=fra', `title=${TITLE}`] },
  english: { at: 0.5, seconds: 4, codec: ['aac'], tags: ['language=eng'], disposition: 'default' },
  late: { at: 0.3, seconds: 2, laterS: 1.25, codec: ['ac3'], tags: ['language=ger'] },
  talk: { at: 0.1, seconds: 2, codec: ['mp2'], tags: ['language=eng'], disposition: 'comment' },
  unnamed: { at: 0.9, seconds: 4, codec: ['mp2'] },
} as const satisfies Record<string, Track>

/** When each of them beeps, the default one first. */
export const BEEPS = {
  english: [0.5, 1.5, 2.5, 3.5],
  french: [0.7, 1.7, 2.7, 3.7],
  late: [1.55, 2.55],
  unnamed: [0.9, 1.9, 2.9, 3.9],
  talk: [0.1, 1.1],
}
