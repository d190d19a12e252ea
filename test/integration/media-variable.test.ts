import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { crc32 } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { JobOptions, PresetName } from '../../contract/presets.ts'
import { createMediaLine, type Made, type MediaLine } from './media-line.ts'

/** What Matroska says of frames that last differently long, and what plain programs make of it. */

const exec = promisify(execFile)

let line: MediaLine
beforeAll(async () => {
  line = await createMediaLine()
})
afterAll(() => line.close())

const ffmpeg = (...args: string[]) => exec(line.config.tools.ffmpeg, ['-hide_banner', '-v', 'warning', '-y', ...args])

const picture = ['-f', 'lavfi', '-i', 'testsrc2=size=160x96:rate=25:duration=3']
const tone = ['-f', 'lavfi', '-i', 'sine=frequency=440:sample_rate=48000:duration=3']
/** Every seventh frame is dropped, and ten one after the other; the last one stands for longer. */
const DROPPED = ['-vf', "select='mod(n+1,7)*not(between(n,40,50))'", '-fps_mode', 'vfr']
const LAST_S = 0.3
const LASTING = `setts=pts=PTS:dts=DTS:duration='if(gte(PTS*TB,2.95),${LAST_S}/TB,DURATION)'`

const makeEven = async (name: string, ...args: string[]): Promise<string> => {
  const path = join(line.dataDir, name)
  await ffmpeg(...picture, ...tone, ...args, '-pix_fmt', 'yuv420p', path)
  return path
}
const make = async (name: string, ...args: string[]): Promise<string> => {
  const first = await makeEven(`first-${name}`, ...args)
  const path = join(line.dataDir, name)
  await ffmpeg('-i', first, '-map', '0', '-c', 'copy', '-bsf:v', LASTING, path)
  return path
}
const VP9 = ['-c:v', 'libvpx-vp9', '-deadline', 'realtime', '-cpu-used', '8', '-c:a', 'libopus']
const H264 = ['-c:v', 'libx264', '-preset', 'ultrafast', '-bf', '2', '-c:a', 'libopus']

const mainOf = (made: Made): string => made.pathOf(made.products.find(({ role }) => role === 'main')?.path ?? 'none')

/** Milliseconds at which each frame is shown, and at which it ends. */
const framesOf = async (path: string): Promise<{ shown: number[]; ends: number[] }> => {
  const entries = ['-select_streams', 'v', '-show_entries', 'packet=pts_time,duration_time', '-of', 'csv=p=0']
  const { stdout } = await exec(line.config.tools.ffprobe, ['-v', 'error', ...entries, path])
  const rows = stdout.split('\n').filter((row) => row !== '')
  const frames = rows.map((row) => row.split(',').map((seconds) => Math.round(Number(seconds) * 1_000)))
  const sorted = frames.toSorted(([a = Number.NaN], [b = Number.NaN]) => a - b)
  return {
    shown: sorted.map(([at = Number.NaN]) => at),
    ends: sorted.map(([at = Number.NaN, lasts = Number.NaN]) => at + lasts),
  }
}

/** Nanoseconds that the file's list of tracks states for each frame; of Opus ffmpeg states none. */
const statedLengths = async (path: string): Promise<number[]> => {
  const bytes = await readFile(path)
  const tracks = bytes.subarray(bytes.indexOf('1654ae6b', 0, 'hex'), bytes.indexOf('1f43b675', 0, 'hex'))
  const at = tracks.indexOf('23e383', 0, 'hex')
  return at < 0 ? [] : [tracks.readUIntBE(at + 4, tracks.readUInt8(at + 3) - 0x80)]
}

/** Of the list of tracks, as the file has it and as it should be: behind an identifier and a size of eight bytes or fewer. */
const checksums = async (path: string): Promise<{ found: number; meant: number }> => {
  const bytes = await readFile(path)
  const start = bytes.lastIndexOf('1654ae6b', bytes.indexOf('1f43b675', 0, 'hex'), 'hex') + 4
  const sizeBytes = Math.clz32(bytes[start] ?? 0) - 23
  const size = bytes.readUIntBE(start + Math.max(0, sizeBytes - 4), Math.min(4, sizeBytes))
  const body = start + sizeBytes
  const end = body + (sizeBytes > 4 ? size : size - 2 ** (7 * sizeBytes))
  expect(bytes.readUInt16BE(body)).toBe(0xbf84)
  return { found: bytes.readUInt32LE(body + 2), meant: crc32(bytes.subarray(body + 6, end)) }
}

const rateAndLength = async (path: string): Promise<{ rate: string | null; durationMs: number }> => {
  const entries = ['-select_streams', 'v', '-show_entries', 'stream=r_frame_rate:format=duration', '-of', 'json']
  const { stdout } = await exec(line.config.tools.ffprobe, ['-v', 'error', ...entries, path])
  const { streams, format } = JSON.parse(stdout)
  return { rate: streams[0].r_frame_rate, durationMs: Number(format.duration) * 1_000 }
}

/** Plain calls, as anybody types them: no word of complaint, and all frames are still there. */
const survives = async (path: string, frames: number): Promise<void> => {
  expect((await ffmpeg('-i', path, '-f', 'null', '-')).stderr).toBe('')
  const again = join(line.dataDir, 'again.mp4')
  await ffmpeg('-i', path, '-c:v', 'libx264', '-preset', 'ultrafast', again)
  expect((await framesOf(again)).shown).toHaveLength(frames)
}

describe('frames that last differently long', () => {
  it.each<PresetName>(['webm', 'archive'])('keep their times in %s, and no rate is made up', async (preset) => {
    const source = await make('dropped.mkv', ...DROPPED, '-c:v', 'mpeg4', '-c:a', 'flac')
    const made = await line.deliver(source, preset)
    expect(made.plan.video).toMatchObject({ mode: 'encode', frameRate: null })
    const [meant, { shown, ends }] = [await framesOf(source), await framesOf(mainOf(made))]
    expect(shown).toEqual(meant.shown)
    expect(ends).toEqual([...shown.slice(1), 2_960 + LAST_S * 1_000])
    expect(await statedLengths(mainOf(made))).toEqual([])
    const { rate, durationMs } = await rateAndLength(mainOf(made))
    expect(rate).toBe('25/1')
    expect(Math.abs(durationMs - 3_260)).toBeLessThan(10)
    await survives(mainOf(made), meant.shown.length)
  })

  it.each<PresetName>(['archive', 'webm', 'web'])(
    'may end with one that stands as long as all others: %s',
    async (preset) => {
      const source = await make('long.mkv', ...DROPPED, '-c:v', 'mpeg4', '-c:a', 'flac')
      const path = join(line.dataDir, 'longer.mkv')
      const longer = LASTING.replace(`${LAST_S}/TB`, '3/TB')
      await ffmpeg('-i', source, '-map', '0', '-c', 'copy', '-bsf:v', longer, path)
      const made = await line.deliver(path, preset)
      const { durationMs } = await rateAndLength(mainOf(made))
      expect(Math.abs(durationMs - 5_960)).toBeLessThan(10)
    },
  )

  it('leave the checksum of the tracks right', async () => {
    const made = await line.deliver(await make('checked.mkv', ...DROPPED, ...H264), 'original', { endMs: 1_000 })
    const { found, meant } = await checksums(mainOf(made))
    expect(found).toBe(meant)
  })

  it('end with the part that is wanted', async () => {
    const source = await make('part.mkv', ...DROPPED, '-c:v', 'mpeg4', '-c:a', 'flac')
    const made = await line.deliver(source, 'webm', { startMs: 500, endMs: 1_900 })
    const { shown, ends } = await framesOf(mainOf(made))
    expect(ends).toEqual([...shown.slice(1), 1_400])
  })

  it.each<[string, PresetName, JobOptions, string, readonly string[]]>([
    ['VP9 in WebM', 'webm', {}, 'vp9.mp4', VP9],
    ['H.264 in Matroska', 'original', { endMs: 2_500 }, 'h264.mkv', H264],
  ])('keep them where they are copied, too: %s', async (_, preset, options, name, codecs) => {
    const source = await make(name, ...DROPPED, ...codecs)
    const made = await line.deliver(source, preset, options)
    expect(made.plan).toMatchObject({ video: { mode: 'copy', frameRate: null }, passSource: false })
    const { shown } = await framesOf(source)
    const copied = (await framesOf(mainOf(made))).shown
    // They are copied in another order than they are shown, so a part may end with holes.
    const wanted = shown.filter((at) => copied.includes(at) || at < (options.endMs ?? Infinity))
    expect(copied).toEqual(wanted)
    expect(await statedLengths(mainOf(made))).toEqual([])
    expect((await rateAndLength(mainOf(made))).rate).toBe('25/1')
    await survives(mainOf(made), wanted.length)
  })
})

describe('frames of a constant rate', () => {
  it.each<[string, PresetName, readonly string[]]>([
    ['encode', 'webm', ['-c:v', 'mpeg4', '-c:a', 'flac']],
    ['copy', 'webm', VP9],
  ])('say so: %s', async (mode, preset, codecs) => {
    const made = await line.deliver(await makeEven(`even-${mode}.mp4`, ...codecs), preset)
    expect(made.plan.video).toMatchObject({ mode, frameRate: '25/1' })
    expect(await statedLengths(mainOf(made))).toEqual([40_000_000])
  })

  it('are not said to have the average of them and a last one that stands for longer', async () => {
    const made = await line.deliver(await make('even-but-one.mp4', ...VP9), 'webm')
    expect(made.plan.video).toMatchObject({ mode: 'copy', frameRate: '25/1' })
    expect(await statedLengths(mainOf(made))).toEqual([])
  })
})
