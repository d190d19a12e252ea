import { execFile } from 'node:child_process'
import { mkdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)

export interface Clip {
  seconds?: number
  /** `320x240` */
  size?: string
  video?: boolean
  audio?: boolean
  /** Further output options, before the path. */
  options?: readonly string[]
}

const inputs = ({ seconds = 2, size = '320x240', video = true, audio = true }: Clip): string[] => [
  ...(video ? ['-f', 'lavfi', '-i', `testsrc2=size=${size}:rate=25:duration=${seconds}`] : []),
  ...(audio ? ['-f', 'lavfi', '-i', `sine=frequency=440:sample_rate=48000:duration=${seconds}`] : []),
]

const codecs = ({ video = true, audio = true }: Clip): string[] => [
  ...(video ? ['-c:v', 'libx264', '-preset', 'ultrafast', '-pix_fmt', 'yuv420p', '-g', '50'] : []),
  ...(audio ? ['-c:a', 'aac', '-b:a', '96k'] : []),
]

/** A short moving test picture with a tone, in the container that the file's name asks for. */
export const makeClip = async (ffmpeg: string, path: string, clip: Clip = {}): Promise<string> => {
  await mkdir(dirname(path), { recursive: true })
  const faststart = path.endsWith('.mp4') ? ['-movflags', '+faststart'] : []
  await run(ffmpeg, [
    '-v',
    'error',
    '-y',
    ...inputs(clip),
    ...codecs(clip),
    ...faststart,
    ...(clip.options ?? []),
    path,
  ])
  return path
}

/** An HLS folder with `index.m3u8`; returns the folder. */
export const makeHls = async (ffmpeg: string, dir: string, clip: Clip = {}): Promise<string> => {
  await makeClip(ffmpeg, join(dir, 'index.m3u8'), {
    ...clip,
    options: ['-f', 'hls', '-hls_time', '2', '-hls_playlist_type', 'vod'],
  })
  return dir
}

/** A DASH folder with `index.mpd`, sound and picture apart; returns the folder. */
export const makeDash = async (ffmpeg: string, dir: string, clip: Clip = {}): Promise<string> => {
  await makeClip(ffmpeg, join(dir, 'index.mpd'), { ...clip, options: ['-f', 'dash', '-seg_duration', '2'] })
  return dir
}
