import { execFile } from 'node:child_process'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { JobOptions, PresetName } from '../../contract/presets.ts'
import { createMediaLine, type Made, type MediaLine } from './media-line.ts'

const exec = promisify(execFile)
const SECONDS = 12
const WIDTH = 72
const HEIGHT = 48
/** Pixels that a digit is wide. */
const DIGIT = 24

let line: MediaLine
beforeAll(async () => {
  line = await createMediaLine({ SLUICE_CHUNK_MS: '4000' })
})
afterAll(() => line.close())

/** Each frame has its number as three digits to the base of 16, greys one beside the other; a beep begins with every second. */
const numbered = (rate: string): string[] => {
  const digit = `mod(floor(N/pow(16,floor(X/${DIGIT}))),16)`
  const grey = `geq=lum='24+12*${digit}':cb=128:cr=128`
  const picture = `color=black:size=${WIDTH}x${HEIGHT}:rate=${rate}:duration=${SECONDS},format=yuv420p,${grey}`
  const beeps = `aevalsrc='0.7*lt(mod(t,1),0.05)*sin(2*PI*1000*mod(t,1))':s=48000:d=${SECONDS}`
  return ['-f', 'lavfi', '-i', picture, '-f', 'lavfi', '-i', beeps]
}
const x264 = ['-c:v', 'libx264', '-preset', 'veryfast', '-crf', '12', '-bf', '3', '-g', '60', '-sc_threshold', '0']

/** One picture stands from 1.28 to 2.4 s, another from 9.28 to 10.4 s. */
const SLIDE = "select='not(between(mod(n,200),33,59))'"

const SOURCES = {
  'film.mp4': [...numbered('25'), ...x264, '-c:a', 'aac'],
  'ntsc.mkv': [...numbered('30000/1001'), ...x264, '-c:a', 'flac'],
  'late.mkv': [...numbered('25'), ...x264, '-c:a', 'flac', '-output_ts_offset', '1000'],
  'variable.mkv': [
    ...numbered('25'),
    '-vf',
    "select='not(eq(mod(n,4),1))'",
    '-fps_mode',
    'vfr',
    ...x264,
    '-c:a',
    'flac',
  ],
  'slides.mkv': [...numbered('25'), '-vf', SLIDE, '-fps_mode', 'vfr', ...x264, '-c:a', 'flac'],
  'slides.mp4': [...numbered('25'), '-vf', SLIDE, '-fps_mode', 'vfr', ...x264, '-c:a', 'aac'],
  'broadcast.ts': [...numbered('25'), ...x264, '-c:a', 'aac'],
  'old.avi': [...numbered('25'), '-c:v', 'mpeg4', '-q:v', '2', '-g', '30', '-c:a', 'pcm_s16le'],
} as const
type Source = keyof typeof SOURCES

const sourceOf = async (name: Source): Promise<string> => {
  const path = join(line.dataDir, name)
  await exec(line.config.tools.ffmpeg, ['-v', 'error', '-y', ...SOURCES[name], path])
  return path
}

const decode = async (path: string, args: readonly string[]): Promise<Buffer> => {
  const raw = join(line.dataDir, 'decoded.raw')
  await exec(line.config.tools.ffmpeg, ['-v', 'error', '-y', '-i', path, ...args, raw])
  return readFile(raw)
}

/** The numbers that are seen, in the order in which they are shown. */
const numbersIn = async (path: string): Promise<number[]> => {
  const raw = ['-map', '0:v:0', '-fps_mode', 'passthrough', '-pix_fmt', 'yuv420p', '-f', 'rawvideo']
  const planes = await decode(path, raw)
  const frameBytes = (WIDTH * HEIGHT * 3) / 2
  const middle = (HEIGHT / 2) * WIDTH
  const value = (at: number): number => Math.round(((planes[at] ?? 0) - 24) / 12)
  return Array.from({ length: planes.length / frameBytes }, (_, index) => {
    const row = index * frameBytes + middle
    return [0, 1, 2].reduce((sum, digit) => sum + 16 ** digit * value(row + (digit + 0.5) * DIGIT), 0)
  })
}

/** When beeps begin, in seconds. */
const beepsIn = async (path: string, track = '0:a:0'): Promise<number[]> => {
  const pcm = await decode(path, [
    '-map',
    track,
    '-af',
    'aresample=async=1:first_pts=0',
    '-ac',
    '1',
    '-ar',
    '48000',
    '-f',
    's16le',
  ])
  const beeps: number[] = []
  let quietSince = -4_800
  for (let index = 0; index < pcm.length / 2; index += 1) {
    if (Math.abs(pcm.readInt16LE(2 * index)) < 6_000) continue
    if (index - quietSince > 2_400) beeps.push(index / 48_000)
    quietSince = index
  }
  return beeps
}

/** When the last picture ends, in seconds. */
const pictureEnd = async (path: string): Promise<number> => {
  const entries = ['-select_streams', 'v:0', '-show_entries', 'packet=pts_time,duration_time', '-of', 'csv=p=0']
  const { stdout } = await exec(line.config.tools.ffprobe, ['-v', 'error', ...entries, path])
  const ends = stdout
    .trim()
    .split('\n')
    .map((row) => row.split(',').reduce((sum, cell) => sum + (Number(cell) || 0), 0))
  return Math.max(...ends)
}

const mainOf = (made: Made): string => made.pathOf(made.products.find(({ role }) => role === 'main')?.path ?? '')

describe('a part of a recording', () => {
  it.each<[Source, PresetName, JobOptions, number, number, number]>([
    ['film.mp4', 'web', { startMs: 1_300, endMs: 11_000 }, 33, 275, 2],
    ['film.mp4', 'webm', { startMs: 2_000, endMs: 2_500 }, 50, 63, 1],
    ['film.mp4', 'web', { endMs: 1_010 }, 0, 26, 1],
    ['film.mp4', 'small', { startMs: 10_500 }, 263, 300, 1],
    ['ntsc.mkv', 'web', { startMs: 1_300, endMs: 10_700 }, 39, 321, 2],
    ['late.mkv', 'web', { startMs: 1_300, endMs: 3_000 }, 33, 75, 1],
    ['broadcast.ts', 'web', { startMs: 1_300, endMs: 11_000 }, 32, 275, 2],
    ['broadcast.ts', 'web', { startMs: 1_300, endMs: 3_000 }, 32, 75, 1],
    ['old.avi', 'web', { startMs: 1_300, endMs: 3_000 }, 33, 75, 1],
  ])('of %s as %s %o has frames from %d up to %d in %d pieces', async (source, preset, options, from, to, pieces) => {
    const made = await line.make(await sourceOf(source), preset, options)
    expect(made.plan.video.mode === 'encode' && made.plan.video.chunkStarts.length).toBe(pieces)
    const numbers = await numbersIn(mainOf(made))
    expect([numbers[0], numbers.at(-1), numbers.length]).toEqual([from, to - 1, to - from])
    expect(numbers).toEqual(Array.from({ length: to - from }, (_, index) => from + index))
    const rate = source === 'ntsc.mkv' ? 30_000 / 1_001 : 25
    const beeps = await beepsIn(mainOf(made))
    const first = Math.ceil(from / rate)
    beeps.forEach((at, index) => expect(Math.abs(at - (first + index - from / rate))).toBeLessThan(0.001))
    expect(beeps.length).toBeGreaterThan(0)
    expect(made.plan.durationMs ?? 0).toBeCloseTo(((to - from) / rate) * 1_000, -2)
  })

  it('of a variable rate begins with the first frame from there on, and keeps their distances', async () => {
    const made = await line.make(await sourceOf('variable.mkv'), 'web', { startMs: 1_300, endMs: 3_000 })
    const shown = Array.from({ length: 42 }, (_, index) => 33 + index).filter((number) => number % 4 !== 1)
    expect(await numbersIn(mainOf(made))).toEqual(shown)
    const [beep = 0] = await beepsIn(mainOf(made))
    expect(Math.abs(beep - 0.7)).toBeLessThan(0.001)
  })

  it.each<[Source, PresetName, JobOptions, number]>([
    ['slides.mkv', 'web', { endMs: 2_000 }, 2],
    ['slides.mp4', 'stream', { startMs: 3_000, endMs: 10_000 }, 7],
  ])('of %s as %s %o ends where it should, in the middle of a picture', async (source, preset, options, seconds) => {
    const made = await line.make(await sourceOf(source), preset, options)
    const last = preset === 'stream' ? made.pathOf('stream/48p/index.m3u8') : mainOf(made)
    expect(await pictureEnd(last)).toBeCloseTo(seconds, 2)
  })

  it('of sound alone begins to the millisecond', async () => {
    const made = await line.make(await sourceOf('film.mp4'), 'audio', { startMs: 1_311, endMs: 5_000, loudness: false })
    expect((await beepsIn(mainOf(made))).map((at) => Math.round(at * 1_000))).toEqual([689, 1_689, 2_689])
    expect(made.plan).toMatchObject({ durationMs: 3_689, sounds: [{ mode: 'encode' }] })
  })

  it.each<[Source, string]>([
    ['film.mp4', 'main.mp4'],
    ['ntsc.mkv', 'main.mkv'],
  ])('of %s, copied, begins with a keyframe', async (source, file) => {
    const made = await line.make(await sourceOf(source), 'original', { startMs: 3_000, endMs: 6_000 })
    expect(made.plan.reasons[0]).toMatch(
      /wanted from 3\.000 s on; the last keyframe before that lies at 2\.[34]\d\d s|at 2\.002 s/,
    )
    expect(made.plan.reasons).toContain('Its picture is copied, so it begins with the keyframe there.')
    const numbers = await numbersIn(made.pathOf(file))
    expect(numbers[0]).toBe(60)
    const [frames, beepAt] = source === 'film.mp4' ? [90, 0.6] : [120, 3 - 60 / (30_000 / 1_001)]
    expect(numbers.length).toBeGreaterThanOrEqual(frames - 3)
    expect(numbers.length).toBeLessThanOrEqual(frames + 3)
    const beeps = await beepsIn(made.pathOf(file))
    expect(beeps.some((at) => Math.abs(at - beepAt) < 0.001)).toBe(true)
  })

  it('takes further sound and subtitles along in step', async () => {
    const words = join(line.dataDir, 'words.srt')
    await writeFile(words, '1\n00:00:04,500 --> 00:00:05,000\nfour and a half\n')
    const path = join(line.dataDir, 'told.mkv')
    const both = ['-map', '0:v', '-map', '0:a', '-map', '0:a', '-map', '1', '-c', 'copy', '-c:s', 'srt']
    const made = ['-i', await sourceOf('ntsc.mkv'), '-i', words, ...both, path]
    await exec(line.config.tools.ffmpeg, ['-v', 'error', '-y', ...made])
    const archived = await line.make(path, 'archive', { startMs: 1_300, endMs: 6_000 })
    expect((await archived.probe('main.mkv')).streams.map(({ codec_name }) => codec_name)).toEqual([
      'av1',
      'opus',
      'opus',
      'subrip',
    ])
    const firstAt = 39 / (30_000 / 1_001)
    for (const track of ['0:a:0', '0:a:1']) {
      const [beep = 0] = await beepsIn(mainOf(archived), track)
      expect(Math.abs(beep - (2 - firstAt))).toBeLessThan(0.002)
    }
    const { stdout } = await exec(line.config.tools.ffmpeg, ['-v', 'error', '-i', mainOf(archived), '-f', 'srt', '-'])
    expect(stdout).toMatch(/00:00:03,(199|200) --> 00:00:03,(699|700)/)
  })

  it('as a stream has segments from 0, previews and posters of the part alone', async () => {
    const made = await line.make(await sourceOf('film.mp4'), 'stream', { startMs: 4_000, endMs: 10_000 })
    const playlist = await readFile(made.pathOf('stream/48p/index.m3u8'), 'utf8')
    const lengths = [...playlist.matchAll(/^#EXTINF:([\d.]+)/gm)].map(([, seconds]) => Number(seconds))
    expect(lengths.reduce((sum, seconds) => sum + seconds, 0)).toBeCloseTo(6, 1)
    expect((await readFile(made.pathOf('storyboard.vtt'), 'utf8')).match(/-->/g)).toHaveLength(6)
    const tiles = made.plan.video.mode === 'encode' ? made.plan.video.storyboardBranch?.tiles : 0
    expect(tiles).toBe(6)
  })

  it('that lies behind the end is refused with the time of the end', async () => {
    const source = await sourceOf('film.mp4')
    await expect(line.make(source, 'web', { startMs: 60_000 })).rejects.toMatchObject({
      type: 'InvalidRequest',
      message: 'The recording ends at 12.0 s, so nothing of it begins at 60.0 s.',
    })
    expect((await line.planSource(source, 'web', { endMs: 60_000 })).plan).toMatchObject({
      excerpt: null,
      video: { mode: 'copy' },
    })
  })
})
