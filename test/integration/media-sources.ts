import { execFile } from 'node:child_process'
import { open, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { makeClip } from './make-media.ts'

const run = promisify(execFile)

/** The sources that tests are about, one second each; every one is made once, when first asked for. */
export const createSources = (ffmpeg: string, dir: string) => {
  const sources = makers(ffmpeg, dir)
  const made = new Map<string, Promise<string>>()
  const once = (name: string, make: () => Promise<string>): Promise<string> => {
    const path = made.get(name) ?? make()
    made.set(name, path)
    return path
  }
  const cached = Object.entries(sources).map(([name, make]) => [name, () => once(name, make)])
  return { ...(Object.fromEntries(cached) as typeof sources), at: (name: string) => join(dir, name) }
}

const makers = (ffmpeg: string, dir: string) => {
  const at = (name: string): string => join(dir, name)
  const ffmpegRun = async (name: string, ...args: string[]): Promise<string> => {
    await run(ffmpeg, ['-v', 'error', '-y', ...args, at(name)])
    return at(name)
  }
  const picture = (size: string, rate = '25'): string[] => [
    '-f',
    'lavfi',
    '-i',
    `testsrc2=size=${size}:rate=${rate}:duration=1`,
  ]
  const tone = ['-f', 'lavfi', '-i', 'sine=frequency=440:sample_rate=48000:duration=1']
  const h264 = ['-c:v', 'libx264', '-preset', 'ultrafast', '-pix_fmt', 'yuv420p']
  const languages = [
    ...picture('320x240'),
    ...tone,
    ...tone,
    '-map',
    '0',
    '-map',
    '1',
    '-map',
    '2',
    ...h264,
    ...['fra', 'deu', 'eng'].flatMap((language, index) => [`-metadata:s:${index}`, `language=${language}`]),
  ]

  return {
    plain: () => makeClip(ffmpeg, at('plain.mp4'), { seconds: 1 }),
    portrait: () => makeClip(ffmpeg, at('portrait.mp4'), { seconds: 1, size: '240x320' }),
    videoOnly: () => makeClip(ffmpeg, at('video-only.mp4'), { seconds: 1, audio: false }),
    audioOnly: () => makeClip(ffmpeg, at('audio-only.m4a'), { seconds: 1, video: false }),
    transportStream: () => makeClip(ffmpeg, at('broadcast.ts'), { seconds: 1 }),
    /** Turned by its container, as phones write it. */
    rotated: async () => {
      const flat = await makeClip(ffmpeg, at('flat.mp4'), { seconds: 1 })
      return ffmpegRun('rotated.mp4', '-display_rotation', '90', '-i', flat, '-c', 'copy')
    },
    oddSize: () =>
      ffmpegRun(
        'odd.webm',
        ...picture('322x242'),
        ...tone,
        '-vf',
        'scale=321:241',
        '-c:v',
        'libvpx-vp9',
        '-cpu-used',
        '8',
        '-c:a',
        'libopus',
      ),
    onePixel: () =>
      ffmpegRun('one.mkv', ...picture('320x240'), ...tone, '-vf', 'scale=1:1', '-c:v', 'ffv1', '-c:a', 'flac'),
    oblongPixels: () => ffmpegRun('oblong.mp4', ...picture('180x144'), ...h264, '-vf', 'setsar=16/11'),
    highRange: () => {
      const tags = 'colorprim=bt2020:transfer=smpte2084:colormatrix=bt2020nc:log-level=error'
      const hevc = ['-c:v', 'libx265', '-preset', 'ultrafast', '-pix_fmt', 'yuv420p10le', '-x265-params', tags]
      return ffmpegRun('hdr.mkv', ...picture('320x240'), ...hevc)
    },
    /** Grey of 203 nits, the white of paper in HDR10 (ITU-R BT.2408): 58 % of the curve. */
    referenceWhite: () => {
      const grey = 'color=gray:size=320x240:rate=25:duration=1,format=yuv420p10le,geq=lum=572:cb=512:cr=512'
      const tags = 'setparams=color_primaries=bt2020:color_trc=smpte2084:colorspace=bt2020nc:range=tv'
      return ffmpegRun('reference-white.mkv', '-f', 'lavfi', '-i', `${grey},${tags}`, '-c:v', 'ffv1')
    },
    interlaced: () => {
      const weave = ['-vf', 'scale=320:240,tinterlace=interleave_top,setfield=tff']
      const flags = ['-c:v', 'libx264', '-preset', 'ultrafast', '-flags', '+ildct+ilme', '-pix_fmt', 'yuv420p']
      const moving = ['-f', 'lavfi', '-i', 'testsrc2=size=320x240:rate=50:duration=4']
      return ffmpegRun('interlaced.mp4', ...moving, ...weave, ...flags)
    },
    variableRate: () => {
      const dropped = "select='lt(mod(n,10),3)+not(mod(n,4))'"
      return ffmpegRun('variable.mkv', ...picture('320x240', '60'), ...h264, '-vf', dropped, '-fps_mode', 'vfr')
    },
    /** Sound that begins half a second after the picture. */
    lateSound: async () => {
      const clip = await makeClip(ffmpeg, at('sound-on-time.mkv'), { seconds: 2 })
      const apart = ['-i', clip, '-itsoffset', '0.5', '-i', clip, '-map', '0:v', '-map', '1:a']
      return ffmpegRun('late-sound.mkv', ...apart, '-c', 'copy', '-t', '2')
    },
    /** Two sounds, German first; the picture says that its writing is French. */
    spoken: () => ffmpegRun('spoken.mkv', ...languages, '-c:a', 'aac'),
    spokenLossless: () => ffmpegRun('spoken-lossless.mkv', ...languages, '-c:a', 'flac'),
    spokenBroadcast: () => ffmpegRun('spoken.ts', ...languages, '-c:a', 'aac'),
    mp3WithCover: async () => {
      const cover = await ffmpegRun('cover.png', ...picture('300x200'), '-frames:v', '1')
      const attached = ['-map', '1:a', '-map', '0:v', '-c:v', 'copy', '-disposition:v', 'attached_pic']
      return ffmpegRun('song.mp3', '-i', cover, ...tone, ...attached, '-c:a', 'libmp3lame')
    },
    blackThenPicture: () => {
      const black = ['-f', 'lavfi', '-i', 'color=black:size=320x240:rate=25:duration=1']
      const joined = ['-filter_complex', '[0:v][1:v][0:v]concat=n=3:v=1[v]', '-map', '[v]']
      return ffmpegRun('black.mp4', ...black, ...picture('320x240'), ...joined, ...h264)
    },
    red: () => {
      const red = ['-f', 'lavfi', '-i', 'color=0xC03020:size=320x240:rate=25:duration=1,format=gbrp']
      const bt709 = ['-vf', 'scale=out_color_matrix=bt709,format=yuv420p', '-colorspace', 'bt709']
      return ffmpegRun('red.webm', ...red, ...bt709, '-c:v', 'libvpx-vp9', '-cpu-used', '8')
    },
    text: async () => {
      await writeFile(at('text.mp4'), 'This is not a video.\n'.repeat(200))
      return at('text.mp4')
    },
    empty: async () => {
      await writeFile(at('empty.mp4'), '')
      return at('empty.mp4')
    },
    playlist: async () => {
      await writeFile(at('playlist.mp4'), 'ffconcat version 1.0\nfile /etc/hostname\n')
      return at('playlist.mp4')
    },
    hlsPlaylist: async () => {
      await writeFile(
        at('hls.mp4'),
        '#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nfile:///etc/hostname\n#EXT-X-ENDLIST\n',
      )
      return at('hls.mp4')
    },
    /** Cut before its index, which stands at the end. */
    withoutIndex: async () => {
      const whole = await ffmpegRun('index-last.mp4', ...picture('320x240'), ...h264)
      await cut(whole, 0.7)
      return whole
    },
    /** Cut behind its index. */
    cutOff: async () => {
      const whole = await makeClip(ffmpeg, at('cut-off.mp4'), { seconds: 1 })
      await cut(whole, 0.7)
      return whole
    },
  }
}

const cut = async (path: string, part: number): Promise<void> => {
  const file = await open(path, 'r+')
  try {
    await file.truncate(Math.floor((await file.stat()).size * part))
  } finally {
    await file.close()
  }
}
