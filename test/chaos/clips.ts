import { join } from 'node:path'
import { makeClip, makeHls } from '../integration/make-media.ts'
import type { ClipName } from './job-mix.ts'

/** A source and what must come out of it. */
export interface SourceClip {
  path: string
  seconds: number
  /** Null where it is sound alone. */
  frames: number | null
}

export interface SourceClips extends Record<ClipName, SourceClip> {
  /** The clip `fits` as an HLS folder. */
  hls: { dir: string; seconds: number; frames: number }
}

const FRAMES_PER_S = 25
const SIZE = '320x180'

/** Makes the clips of the origin; `fits` is copied by most presets, `foreign` and `long` are encoded, the latter in chunks. */
export const makeSourceClips = async (ffmpeg: string, dir: string): Promise<SourceClips> => {
  const foreign = ['-c:v', 'mpeg4', '-q:v', '5']
  const make = async (file: string, seconds: number, clip: Parameters<typeof makeClip>[2]): Promise<SourceClip> => ({
    path: await makeClip(ffmpeg, join(dir, file), { seconds, size: SIZE, ...clip }),
    seconds,
    frames: clip?.video === false ? null : seconds * FRAMES_PER_S,
  })
  const hlsSeconds = 6
  return {
    fits: await make('fits.mp4', 4, {}),
    foreign: await make('foreign.mp4', 5, { options: foreign }),
    long: await make('long.mp4', 10, { size: '640x360', options: foreign }),
    sound: await make('sound.m4a', 8, { video: false }),
    hls: {
      dir: await makeHls(ffmpeg, join(dir, 'hls'), { seconds: hlsSeconds, size: SIZE }),
      seconds: hlsSeconds,
      frames: hlsSeconds * FRAMES_PER_S,
    },
  }
}
