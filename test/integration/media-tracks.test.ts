import { execFile } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { beep, flash, lookAndListen } from './flash-and-beep.ts'
import { createMediaLine, type MediaLine } from './media-line.ts'

/** Files with more in them than a picture and a sound, or with hardly that. */

const run = promisify(execFile)

let line: MediaLine
beforeAll(async () => {
  line = await createMediaLine()
})
afterAll(() => line.close())

const make = (name: string, ...args: string[]): Promise<string> => line.source(name, ...args)

/** Loudness of each channel in dB, by its peak. */
const peaksOf = async (path: string): Promise<number[]> => {
  const args = ['-hide_banner', '-i', path, '-map', '0:a:0', '-af', 'astats=measure_overall=none', '-f', 'null', '-']
  const { stderr } = await run(line.config.tools.ffmpeg, args)
  return [...stderr.matchAll(/Peak level dB: (\S+)/g)].map(([, peak]) => (peak === '-inf' ? -Infinity : Number(peak)))
}

const tone = (rate: string): string[] => ['-f', 'lavfi', '-i', `sine=frequency=440:sample_rate=${rate}:duration=1`]
const summary = async (path: string): Promise<string[]> => {
  const entries = ['-show_entries', 'stream=codec_name,channels,sample_rate', '-of', 'csv=p=0']
  const { stdout } = await run(line.config.tools.ffprobe, ['-v', 'error', ...entries, path])
  return stdout.trim().split('\n')
}

describe('sound', () => {
  it.each([
    ['FL', 'left'],
    ['FC', 'both'],
    ['SL', 'left'],
    ['SR', 'right'],
  ])('of 5.1 comes as stereo, with what %s says on the %s', async (channel, side) => {
    const one = `pan=5.1(side)|${channel}=0.5*c0`
    const path = await make(`${channel}.mka`, ...tone('48000'), '-af', one, '-c:a', 'flac')
    const made = await line.deliver(path, 'web')
    expect(await summary(made.pathOf('main.m4a'))).toEqual(['aac,48000,2'])
    const [left = -Infinity, right = -Infinity] = await peaksOf(made.pathOf('main.m4a'))
    const [sourceDb = 0] = (await peaksOf(path)).filter(Number.isFinite)
    const loudest = Math.max(left, right)
    // Turned down by the mix, as all channels together must not clip, but heard.
    expect(loudest).toBeGreaterThan(sourceDb - 12)
    expect(loudest).toBeLessThan(sourceDb + 1.5)
    const apart = left - right
    expect(Math.abs(apart) < 1 ? 'both' : apart > 0 ? 'left' : 'right').toBe(side)
  })

  it.each([
    ['mono at 8 kHz', '8000', 'pcm_s16le', '1', 'aac,48000,1'],
    ['stereo at 96 kHz', '96000', 'flac', '2', 'aac,48000,2'],
    ['stereo at 22.05 kHz', '22050', 'pcm_s16le', '2', 'aac,44100,2'],
  ])('of %s is played at a rate that everything plays', async (_name, rate, codec, channels, expected) => {
    const path = await make(`${rate}.mkv`, ...tone(rate), '-ac', channels, '-c:a', codec)
    const made = await line.deliver(path, 'web')
    expect(await summary(made.pathOf('main.m4a'))).toEqual([expected])
    expect((await made.probe('main.m4a')).format.duration).toBeCloseTo(1, 1)
  })
})

describe('tracks', () => {
  const H264 = ['-c:v', 'libx264', '-preset', 'ultrafast', '-pix_fmt', 'yuv420p', '-c:a', 'aac']

  it('takes the sound that is the default, with its language, wherever it stands', async () => {
    const low = ['-f', 'lavfi', '-i', "aevalsrc='0.02*sin(300*PI*t)':s=48000:d=2"]
    const languages = ['eng', 'fra', 'deu'].flatMap((each, index) => [`-metadata:s:a:${index}`, `language=${each}`])
    const maps = ['0', '1', '2', '1'].flatMap((input) => ['-map', input])
    const standard = ['-disposition:a:0', '0', '-disposition:a:1', 'default', '-disposition:a:2', '0']
    const inputs = [...flash(2), ...low, ...beep(2)]
    const path = await make('languages.mkv', ...inputs, ...maps, ...H264, ...languages, ...standard)
    for (const preset of ['web', 'stream'] as const) {
      const made = await line.deliver(path, preset)
      const file = made.pathOf(preset === 'web' ? 'main.mp4' : 'stream/audio/index.m3u8')
      const picture = made.pathOf(preset === 'web' ? 'main.mp4' : 'stream/64p/index.m3u8')
      expect((await lookAndListen(line.config.tools.ffmpeg, picture, file)).beeps).toHaveLength(2)
      expect(made.plan.languages).toMatchObject({ 2: 'fra' })
    }
  })

  it('leaves out cover art in front, chapters, subtitles and time codes', async () => {
    const cover = await make('cover.jpg', '-f', 'lavfi', '-i', 'testsrc2=size=300x200', '-frames:v', '1')
    const [titles, chapters] = [join(line.dataDir, 'titles.srt'), join(line.dataDir, 'chapters.txt')]
    await writeFile(titles, '1\n00:00:00,500 --> 00:00:01,000\nHello\n')
    await writeFile(chapters, ';FFMETADATA1\n[CHAPTER]\nTIMEBASE=1/1000\nSTART=0\nEND=1000\ntitle=One\n')
    const inputs = ['-i', cover, ...flash(2), ...beep(2), '-i', titles, '-i', chapters]
    const maps = ['0', '1', '2', '3'].flatMap((input) => ['-map', input])
    const codecs = ['-c:v:0', 'copy', '-disposition:v:0', 'attached_pic', '-c:v:1', 'mpeg4', '-c:a', 'aac']
    const options = ['-map_metadata', '4', ...codecs, '-c:s', 'mov_text', '-timecode', '01:00:00:00']
    const path = await make('full.mov', ...inputs, ...maps, ...options)
    const made = await line.make(path, 'web')
    expect(made.probed.facts.streams.length).toBeGreaterThan(4)
    const { streams } = await made.probe('main.mp4')
    expect(streams.map(({ codec_name: codec, width = 0 }) => `${codec} ${width}`)).toEqual(['h264 96', 'aac 0'])
    const seen = await lookAndListen(line.config.tools.ffmpeg, made.pathOf('main.mp4'), made.pathOf('main.mp4'))
    expect(seen).toMatchObject({ frames: 50, flashes: [0.52, 1.52] })
    expect(made.products.map(({ role }) => role)).toContain('poster')
  })
})

describe('little', () => {
  const FFV1 = ['-c:v', 'ffv1']
  it.each<[string, string, string[], number, number]>([
    ['one frame', 'one.mkv', [...flash(1), '-frames:v', '1', ...FFV1], 1, 0.04],
    ['a fifth of a second', 'short.mkv', [...flash(0.2), ...FFV1], 5, 0.2],
    ['an animated GIF', 'moving.gif', flash(1, '10'), 10, 1],
    ['a GIF of one frame', 'still.gif', [...flash(1, '10'), '-frames:v', '1'], 1, 0.1],
    ['one keyframe', 'single.mp4', [...flash(3), '-c:v', 'libx264', '-preset', 'ultrafast', '-g', '9999'], 75, 3],
  ])('%s, with poster and all', async (_name, file, args, frames, seconds) => {
    const path = await make(file, ...args)
    for (const preset of ['web', 'stream'] as const) {
      const made = await line.make(path, preset)
      const picture = made.pathOf(preset === 'web' ? 'main.mp4' : 'stream/64p/index.m3u8')
      const counted = ['-v', 'error', '-allowed_extensions', 'ALL', '-i', picture, '-f', 'framecrc', '-']
      if (preset === 'web') counted.splice(2, 2)
      const { stdout } = await run(line.config.tools.ffmpeg, counted)
      expect(stdout.split('\n').filter((row) => row.startsWith('0,'))).toHaveLength(frames)
      expect(made.products.some(({ role }) => role === 'poster')).toBe(true)
      const lasting = made.probed.facts.video?.endMs
      expect(lasting).toBe(seconds * 1_000)
    }
  })
})
