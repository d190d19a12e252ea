import { execFile } from 'node:child_process'
import { appendFile, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { beep, flash, lookAndListen, type Seen } from './flash-and-beep.ts'
import { createMediaLine, type Made, type MediaLine } from './media-line.ts'

/** Clocks as they come: sound and picture that begin and end apart, times that jump, run over or are not there. */

const run = promisify(execFile)

let line: MediaLine
beforeAll(async () => {
  line = await createMediaLine()
})
afterAll(() => line.close())

const MPEG4 = ['-c:v', 'mpeg4', '-c:a', 'aac']
const H264 = ['-c:v', 'libx264', '-preset', 'ultrafast', '-pix_fmt', 'yuv420p', '-c:a', 'aac']
const MPEG2 = ['-c:v', 'mpeg2video', '-bf', '2', '-c:a', 'mp2']
const HOUR_LATER = ['-vf', "setpts='PTS+3600*gte(T,2)/TB'", '-af', "asetpts='PTS+3600*gte(T,2)/TB'"]

/** From 4 to 15 s. */
const ABSENT = ['-bsf:a', "noise=drop='between(pts*tb,4,15)'"]
const DARK = ['-g', '1', '-bsf:v', "noise=drop='between(pts*tb,4,15)'"]

const MP2_FRAME_S = 0.024

interface Clock {
  file: string
  args: readonly string[]
  /** Of a second recording that is put behind the first. */
  behind?: readonly string[]
  remux?: readonly string[]
  frames: number
  /** Seconds by which sound and picture may be apart; a frame of sound where recordings were joined, as it is longer than theirs. */
  apartS?: number
  /** Whether it is made as a stream, too. */
  stream?: boolean
  /** Seconds, as the source means them: flashes in the picture, beeps in the sound. */
  flashes: readonly number[]
  beeps: readonly number[]
}

const EVERY = [0.52, 1.52, 2.52, 3.52]
const SOUND = [0.5, 1.5, 2.5, 3.5]
const everySecond = (from: number, count: number): number[] => Array.from({ length: count }, (_, index) => from + index)
const PRESENT = [...SOUND, 15.5, 16.5, 17.5, 18.5, 19.5]

const CLOCKS: Readonly<Record<string, Clock>> = {
  'sound that begins two seconds later and ends three later': {
    file: 'late-sound.mkv',
    stream: true,
    args: [...flash(4), '-itsoffset', '2', ...beep(5), ...MPEG4],
    frames: 100,
    flashes: EVERY,
    beeps: [2.5, 3.5, 4.5, 5.5, 6.5],
  },
  'sound that begins two seconds later, copied': {
    file: 'late-sound.mp4',
    stream: true,
    args: [...flash(4), '-itsoffset', '2', ...beep(3), ...H264],
    frames: 100,
    flashes: EVERY,
    beeps: [2.5, 3.5, 4.5],
  },
  'sound that ends before the picture': {
    file: 'short-sound.mkv',
    args: [...flash(4), ...beep(2), ...MPEG4],
    frames: 100,
    flashes: EVERY,
    beeps: [0.5, 1.5],
  },
  'a picture that begins after the sound': {
    file: 'late-picture.mkv',
    args: ['-itsoffset', '1.52', ...flash(4), ...beep(4), ...MPEG4],
    // The first one stands from the beginning.
    frames: 138,
    flashes: [2.04, 3.04, 4.04, 5.04],
    beeps: SOUND,
  },
  'a picture that begins after the sound, in a transport stream': {
    file: 'late-picture.ts',
    stream: true,
    args: ['-itsoffset', '1.52', ...flash(4), ...beep(4), ...MPEG2],
    frames: 138,
    flashes: [2.04, 3.04, 4.04, 5.04],
    beeps: SOUND,
  },
  'sound that begins after the picture, in a transport stream': {
    file: 'late-sound.ts',
    stream: true,
    args: [...flash(4), '-itsoffset', '1', ...beep(3), ...MPEG2.slice(0, 4), '-c:a', 'aac'],
    frames: 100,
    flashes: EVERY,
    beeps: [1.5, 2.5, 3.5],
  },
  'sound that begins long after the picture, in a transport stream': {
    file: 'very-late-sound.ts',
    stream: true,
    args: [...flash(14), '-itsoffset', '10', ...beep(4), ...MPEG2.slice(0, 4), '-c:a', 'aac'],
    frames: 350,
    flashes: everySecond(0.52, 14),
    beeps: everySecond(10.5, 4),
  },
  'sound that begins long after the picture, in a program stream': {
    file: 'very-late-sound.mpg',
    args: [...flash(14), '-itsoffset', '10', ...beep(4), ...MPEG2],
    frames: 350,
    flashes: everySecond(0.52, 14),
    beeps: everySecond(10.5, 4),
  },
  'sound that begins long after the picture, in a live recording': {
    file: 'very-late-sound.flv',
    args: [...flash(14), '-itsoffset', '10', ...beep(4), ...H264],
    frames: 350,
    flashes: everySecond(0.52, 14),
    beeps: everySecond(10.5, 4),
  },
  'a start at 1,000 s': {
    file: 'thousand.mp4',
    stream: true,
    args: [...flash(4), ...beep(4), ...H264, '-output_ts_offset', '1000'],
    frames: 100,
    flashes: EVERY,
    beeps: SOUND,
  },
  'frames beside the grid of their rate': {
    file: 'beside.ts',
    stream: true,
    args: [...flash(4), ...beep(4), ...H264, '-output_ts_offset', '1000'],
    frames: 100,
    flashes: EVERY,
    beeps: SOUND,
  },
  'a clock of 33 bits that runs over': {
    file: 'over.ts',
    args: [...flash(4), ...beep(4), ...MPEG2, '-output_ts_offset', `${2 ** 33 / 90_000 - 3}`],
    frames: 100,
    flashes: EVERY,
    beeps: SOUND,
  },
  'a clock that jumps by hours': {
    file: 'jump.ts',
    args: [...flash(2), ...beep(2), ...MPEG2],
    behind: [...flash(2), ...beep(2), ...MPEG2, '-output_ts_offset', '10000'],
    apartS: MP2_FRAME_S,
    stream: true,
    frames: 100,
    flashes: EVERY,
    beeps: SOUND,
  },
  'sound that is absent for a while, in a transport stream': {
    file: 'absent.ts',
    stream: true,
    args: [...flash(20), ...beep(20), ...MPEG2, ...ABSENT],
    frames: 500,
    flashes: everySecond(0.52, 20),
    beeps: PRESENT,
  },
  'sound that is absent for a while, and then a clock that jumps by hours': {
    file: 'absent-jump.ts',
    args: [...flash(20), ...beep(20), ...MPEG2, ...ABSENT],
    behind: [...flash(2), ...beep(2), ...MPEG2, '-output_ts_offset', '10000'],
    apartS: MP2_FRAME_S,
    frames: 550,
    flashes: everySecond(0.52, 22),
    beeps: [...PRESENT, 20.5, 21.5],
  },
  'a picture that is absent for a while, in a transport stream': {
    file: 'dark.ts',
    args: [...flash(20), ...beep(20), ...MPEG2.slice(0, 2), ...MPEG2.slice(4), ...DARK],
    // What is shown last is shown again until there is something else.
    frames: 500,
    flashes: [0.52, 1.52, 2.52, 3.52, 15.52, 16.52, 17.52, 18.52, 19.52],
    beeps: everySecond(0.5, 20),
  },
  'sound that is absent for a while, in Matroska': {
    file: 'absent.mkv',
    stream: true,
    args: [...flash(20), ...beep(20), ...H264, ...ABSENT],
    frames: 500,
    flashes: everySecond(0.52, 20),
    beeps: PRESENT,
  },
  'a clock that goes back by hours': {
    file: 'back.ts',
    args: [...flash(2), ...beep(2), ...MPEG2, '-output_ts_offset', '10000'],
    behind: [...flash(2), ...beep(2), ...MPEG2],
    apartS: MP2_FRAME_S,
    frames: 100,
    flashes: EVERY,
    beeps: SOUND,
  },
  'a clock that jumps by an hour where none may': {
    file: 'jump.mkv',
    args: [...flash(4), ...beep(4), ...HOUR_LATER, ...MPEG4, '-fps_mode', 'passthrough'],
    frames: 100,
    flashes: EVERY,
    beeps: SOUND,
  },
  'no times but those of decoding': {
    file: 'untimed.avi',
    args: [...flash(4), ...beep(4), '-c:v', 'libx264', '-bf', '3', '-c:a', 'pcm_s16le'],
    frames: 100,
    flashes: EVERY,
    beeps: SOUND,
  },
  'some times, as B-frames in AVI have': {
    file: 'xvid.avi',
    args: [...flash(4), ...beep(4), '-c:v', 'mpeg4', '-bf', '2', '-vtag', 'XVID', '-c:a', 'pcm_s16le'],
    frames: 100,
    flashes: EVERY,
    beeps: SOUND,
  },
  'times of every other frame': {
    file: 'program.mpg',
    args: [...flash(4), ...beep(4), ...MPEG2],
    frames: 100,
    flashes: EVERY,
    beeps: SOUND,
  },
  'a second that an edit list hides': {
    file: 'edited.mp4',
    stream: true,
    args: [...flash(5), ...beep(5), ...H264, '-g', '60'],
    remux: ['-ss', '1'],
    frames: 100,
    flashes: EVERY,
    beeps: SOUND,
  },
  'a clock of milliseconds at 23.976 frames': {
    file: 'film.mkv',
    args: [...flash(4, '24000/1001'), ...beep(4), ...MPEG4],
    frames: 96,
    flashes: [0.5005, 1.5015, 2.5025, 3.5035],
    beeps: SOUND,
  },
  'Opus and VP9 of the web': {
    file: 'web.webm',
    args: [...flash(4, '30000/1001'), ...beep(4), '-c:v', 'libvpx-vp9', '-cpu-used', '8', '-c:a', 'libopus'],
    frames: 120,
    flashes: [0.5005, 1.5015, 2.5025, 3.5035],
    beeps: SOUND,
  },
}

const ffmpeg = (...args: string[]) => run(line.config.tools.ffmpeg, ['-v', 'error', '-y', ...args])

const sources = new Map<string, Promise<string>>()
const source = (name: string): Promise<string> => {
  const made = sources.get(name) ?? makeSource(CLOCKS[name])
  sources.set(name, made)
  return made
}
const makeSource = async (clock: Clock | undefined): Promise<string> => {
  if (!clock) throw new Error('no such source')
  const path = join(line.dataDir, clock.file)
  await ffmpeg(...clock.args, path)
  if (clock.behind) {
    const second = join(line.dataDir, `behind-${clock.file}`)
    await ffmpeg(...clock.behind, second)
    await appendFile(path, await readFile(second))
  }
  if (!clock.remux) return path
  const remuxed = join(line.dataDir, `remuxed-${clock.file}`)
  await ffmpeg(...clock.remux, '-i', path, '-c', 'copy', remuxed)
  return remuxed
}

const seenIn = (made: Made): Promise<Seen> => {
  const { ffmpeg: program } = line.config.tools
  const lists = made.products.map(({ path }) => path).filter((path) => /^stream\/\d+p\/index\.m3u8$/.test(path))
  const [list] = lists
  if (list === undefined) return lookAndListen(program, made.pathOf('main.mp4'), made.pathOf('main.mp4'))
  return lookAndListen(program, made.pathOf(list), made.pathOf('stream/audio/index.m3u8'))
}

/** Of the parts of a second by which each comes later than it should: how far apart they are. */
const spread = (seen: readonly number[], meant: readonly number[]): { least: number; most: number } => {
  const late = seen.map((at, index) => at - (meant[index] ?? Number.NaN))
  return { least: Math.min(...late), most: Math.max(...late) }
}

const WAYS = Object.entries(CLOCKS).flatMap(([name, clock]) => [
  { preset: 'web' as const, name, clock },
  ...(clock.stream ? [{ preset: 'stream' as const, name, clock }] : []),
])

describe('all frames are there, in step with the sound from beginning to end', () => {
  it.each(WAYS)('$preset: $name', async ({ preset, name, clock }) => {
    const made = await line.deliver(await source(name), preset)
    const seen = await seenIn(made)
    expect(seen.frames).toBe(framesOf(clock, made))
    expect(seen.flashes).toHaveLength(clock.flashes.length)
    expect(seen.beeps).toHaveLength(clock.beeps.length)
    const [picture, sound] = [spread(seen.flashes, clock.flashes), spread(seen.beeps, clock.beeps)]
    // Both may come later together, by less than a frame.
    const apart = Math.max(picture.most, sound.most) - Math.min(picture.least, sound.least)
    expect(apart).toBeLessThan(clock.apartS ?? IN_STEP_S)
    expect(Math.abs(picture.least)).toBeLessThan(FRAME_S)
  })
})

/** Sound is listened to by the millisecond, clocks of milliseconds round each time once more. */
const IN_STEP_S = 0.0045
const FRAME_S = 0.0401

/** A copied picture need not stand before its first frame. */
const framesOf = ({ frames }: Clock, { plan, probed }: Made): number =>
  plan.video.mode === 'copy' ? (probed.facts.video?.frames ?? 0) : frames
