import { execFile } from 'node:child_process'
import { appendFile, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** Seconds of each source: three or four chunks of the shortest length. */
export const SECONDS = 14

const picture = (rate: string, size = '160x96'): string[] => [
  '-f',
  'lavfi',
  '-i',
  `testsrc2=size=${size}:rate=${rate}:duration=${SECONDS}`,
]
const MPEG2 = ['-c:v', 'mpeg2video', '-bf', '2', '-g', '31', '-c:a', 'mp2']
/** In a pattern that begins anew with no chunk. */
const uneven = ['-vf', "select='lt(mod(n*n,11),5)'", '-fps_mode', 'vfr']
const tone = ['-f', 'lavfi', '-i', `sine=frequency=440:sample_rate=48000:duration=${SECONDS}`]
const x264 = (params: string, ...more: string[]): string[] => [
  '-c:v',
  'libx264',
  '-preset',
  'veryfast',
  '-pix_fmt',
  'yuv420p',
  '-x264-params',
  params,
  ...more,
]

/** Sources that are hard to cut where output segments begin; each gives the arguments of the program that makes it. */
export const CHUNK_SOURCES: Readonly<
  Record<string, { file: string; args: readonly string[]; remux?: readonly string[]; behind?: readonly string[] }>
> = {
  'keyframes beside the grid': {
    file: 'beside.mp4',
    args: [...picture('25'), ...tone, ...x264('keyint=37:scenecut=0')],
  },
  'one keyframe in four seconds': { file: 'rare.mp4', args: [...picture('25'), ...x264('keyint=100:scenecut=0')] },
  'open groups': { file: 'open.mkv', args: [...picture('24'), ...x264('keyint=31:open-gop=1:bframes=5:b-pyramid=2')] },
  'five B-frames in a row': { file: 'b.mp4', args: [...picture('30'), ...x264('keyint=70:bframes=5:b-adapt=0')] },
  '23.976 frames a second': { file: 'film.mp4', args: [...picture('24000/1001'), ...tone, ...x264('keyint=50')] },
  '29.97 frames a second': { file: 'ntsc.mkv', args: [...picture('30000/1001'), ...x264('keyint=50')] },
  '50 frames a second': { file: 'fifty.mp4', args: [...picture('50'), ...x264('keyint=90')] },
  '59.94 frames a second': {
    file: 'sixty.webm',
    args: [...picture('60000/1001'), '-c:v', 'libvpx-vp9', '-deadline', 'realtime', '-cpu-used', '8', '-g', '100'],
  },
  '120 frames a second': { file: 'fast.mp4', args: [...picture('120'), ...x264('keyint=200')] },
  'HEVC with leading pictures': {
    file: 'hevc.mp4',
    args: [
      ...picture('25'),
      '-c:v',
      'libx265',
      '-preset',
      'ultrafast',
      '-x265-params',
      'keyint=40:open-gop=1:log-level=error',
    ],
  },
  'MPEG-4 part 2': { file: 'xvid.mkv', args: [...picture('25'), '-c:v', 'mpeg4', '-bf', '2', '-g', '30'] },
  'a start at 1,000 s': {
    file: 'late.mkv',
    args: [...picture('25'), ...tone, ...x264('keyint=37'), '-output_ts_offset', '1000'],
  },
  'a picture that begins after the sound': {
    file: 'behind.mp4',
    args: [...tone, '-itsoffset', '0.7', ...picture('25'), ...x264('keyint=37')],
  },
  'an edit list that hides the beginning': {
    file: 'edited.mp4',
    args: [...picture('25'), ...tone, ...x264('keyint=60:scenecut=0')],
    remux: ['-ss', '1.3'],
  },
  'a picture that is missing where a chunk begins': {
    file: 'hole.mp4',
    args: [...picture('50'), '-vf', "select='not(eq(n,200))'", ...x264('keyint=37'), '-fps_mode', 'vfr'],
  },
  'frames that last differently long': {
    file: 'variable.mkv',
    args: [...picture('60'), ...tone, ...uneven, ...x264('keyint=37:bframes=3')],
  },
  'frames that last differently long, in ticks of their own': {
    file: 'variable.mp4',
    args: [...picture('60'), ...uneven, ...x264('keyint=50:open-gop=1'), '-video_track_timescale', '600'],
  },
  'a slide that stands for a second': {
    file: 'slides.mkv',
    args: [...picture('10'), '-vf', "select='not(between(n,35,43))'", ...x264('keyint=20'), '-fps_mode', 'vfr'],
  },
  'a transport stream': {
    file: 'broadcast.ts',
    args: [...picture('25'), ...tone, ...MPEG2],
  },
  'a transport stream of open groups': {
    file: 'open.ts',
    args: [...tone, ...picture('50'), ...x264('keyint=47:open-gop=1:bframes=3')],
  },
  'a clock that runs over': {
    file: 'over.ts',
    args: [...picture('30000/1001'), ...tone, ...x264('keyint=50'), '-output_ts_offset', `${2 ** 33 / 90_000 - 7}`],
  },
  'a clock that jumps by an hour where recordings were joined': {
    file: 'jump.ts',
    args: [...picture('25'), ...tone, ...MPEG2, '-t', '6.6'],
    behind: [...picture('25'), ...tone, ...MPEG2, '-t', '7.4', '-output_ts_offset', '3600'],
  },
  'a transport stream of variable rate': {
    file: 'variable.ts',
    args: [...picture('60'), ...tone, ...uneven, ...x264('keyint=50')],
  },
  fragments: {
    file: 'fragments.mp4',
    args: [...picture('25'), ...tone, ...x264('keyint=50'), '-movflags', '+frag_keyframe+empty_moov'],
  },
}

export const makeChunkSource = async (ffmpeg: string, dir: string, name: string): Promise<string> => {
  const source = CHUNK_SOURCES[name]
  if (!source) throw new Error(`no source ${name}`)
  const path = join(dir, source.file)
  await run(ffmpeg, ['-v', 'error', '-y', ...source.args, path])
  if (source.behind) {
    const second = join(dir, `second-${source.file}`)
    await run(ffmpeg, ['-v', 'error', '-y', ...source.behind, second])
    await appendFile(path, await readFile(second))
  }
  if (!source.remux) return path
  const edited = join(dir, `edited-${source.file}`)
  await run(ffmpeg, ['-v', 'error', '-y', ...source.remux, '-i', path, '-c', 'copy', edited])
  return edited
}
