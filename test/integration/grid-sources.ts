import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)

export interface GridSource {
  /** With the extension of its container. */
  name: string
  rate?: string
  seconds?: number
  size?: string
  /** Frames between keyframes. */
  group?: number
  /** Further options of x264, `bframes=0:open-gop=1`. */
  x264?: string
  /** Filters on the picture. */
  filter?: string
  /** Output options that replace earlier ones. */
  options?: readonly string[]
  /** Whether the picture says that it is BT.709. */
  tagged?: boolean
}

const BT709 = 'setparams=color_primaries=bt709:color_trc=bt709:colorspace=bt709:range=tv'

/** Sources whose keyframes are under control: with nothing said every 2 s at 30 frames, so that a stream can take them as they are. */
export const createGridSources = (ffmpeg: string, dir: string) => {
  const at = (name: string): string => join(dir, name)

  /** By ffmpeg's own words: inputs and options, the name of the result in `dir`. */
  const from = async (name: string, ...args: string[]): Promise<string> => {
    await run(ffmpeg, ['-v', 'error', '-y', ...args, at(name)])
    return at(name)
  }

  const make = (source: GridSource): Promise<string> => {
    const {
      name,
      rate = '30',
      seconds = 5,
      size = '640x360',
      group = 60,
      x264,
      filter = 'null',
      tagged = true,
    } = source
    const picture = ['-f', 'lavfi', '-i', `testsrc2=size=${size}:rate=${rate}:duration=${seconds}`]
    const tone = ['-f', 'lavfi', '-i', `sine=frequency=440:sample_rate=48000:duration=${seconds}`]
    const filters = [filter, ...(tagged ? [BT709] : [])].join(',')
    const grid = [`keyint=${group}:min-keyint=${group}:scenecut=0`, ...(x264 ? [x264] : [])].join(':')
    const codec = ['-c:v', 'libx264', '-preset', 'veryfast', '-crf', '30', '-pix_fmt', 'yuv420p', '-x264-params', grid]
    return from(name, ...picture, ...tone, '-vf', filters, ...codec, '-c:a', 'aac', ...(source.options ?? []))
  }

  return { from, make }
}
