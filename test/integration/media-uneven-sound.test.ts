import { execFile } from 'node:child_process'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { beep, beepsIn, flash } from './flash-and-beep.ts'
import { createMediaLine, type MediaLine } from './media-line.ts'

/** Sound that is another further on, or not there for a while, as in recordings of broadcasts. */

const run = promisify(execFile)

let line: MediaLine
beforeAll(async () => {
  line = await createMediaLine()
})
afterAll(() => line.close())

const H264 = ['-c:v', 'libx264', '-preset', 'ultrafast', '-pix_fmt', 'yuv420p', '-c:a', 'aac']
const MPEG2 = ['-c:v', 'mpeg2video']
const AC3_FRAME_S = 0.032
const AC3_DELAY_S = 256 / 48_000

/** Two seconds of AC-3 in 5.1, and two in stereo behind them. */
const changingSound = async (): Promise<string> => {
  const parts = await Promise.all(
    ['6', '2'].map(async (channels) =>
      readFile(await line.source(`${channels}.ac3`, ...beep(2), '-c:a', 'ac3', '-ac', channels)),
    ),
  )
  const path = join(line.dataDir, 'changing.ac3')
  await writeFile(path, Buffer.concat(parts))
  return path
}

/** A transport stream with two seconds of AAC in so many channels, and two of others behind them. */
const broadcastOf = async (name: string, channels: readonly string[]): Promise<string> => {
  const parts = await Promise.all(
    channels.map(async (count, part) =>
      readFile(await line.source(`${name}-${part}.aac`, ...beep(2.048), '-c:a', 'aac', '-ac', count)),
    ),
  )
  const path = join(line.dataDir, `${name}.aac`)
  await writeFile(path, Buffer.concat(parts))
  return line.source(`${name}.ts`, ...flash(4), '-i', path, ...MPEG2, '-c:a', 'copy')
}

const packetsIn = async (path: string): Promise<number> => {
  const asked = ['-v', 'error', '-select_streams', 'a', '-count_packets', '-show_entries', 'stream=nb_read_packets']
  const { stdout } = await run(line.config.tools.ffprobe, [...asked, '-of', 'csv=p=0', path])
  return Number.parseInt(stdout, 10)
}

const expectBeeps = (heard: readonly number[], meant: readonly number[], withinS: number): void => {
  expect(heard).toHaveLength(meant.length)
  const apart = meant.map((at, place) => Math.abs((heard[place] ?? 0) - at))
  expect(Math.max(...apart), `beeps at ${heard.join()}`).toBeLessThan(withinS)
}

describe('sound that goes on in stereo after 5.1', () => {
  it.each(['mkv', 'ts'])('stays in step, and is no longer than it was, from %s', async (container) => {
    const sound = await changingSound()
    const film = await line.source(`changing.${container}`, ...flash(4), '-i', sound, ...MPEG2, '-c:a', 'copy')
    const made = await line.deliver(film, 'web', { loudness: true })
    const main = made.pathOf('main.mp4')
    // The first part fills whole frames.
    const behindS = Math.ceil((2 + AC3_DELAY_S) / AC3_FRAME_S) * AC3_FRAME_S
    const meant = [0.5, 1.5, behindS + 0.5, behindS + 1.5].map((at) => at + AC3_DELAY_S)
    expectBeeps(await beepsIn(line.config.tools.ffmpeg, main), meant, 0.02)
    // Each plays for 1,024 samples, whatever the container says.
    expect((await packetsIn(main)) * (1_024 / 48_000)).toBeLessThan(4.2)
  })
})

describe('AAC of a transport stream', () => {
  it('is copied where it stays what it is', async () => {
    const made = await line.deliver(await broadcastOf('steady', ['2', '2']), 'web')
    expect(made.plan.sounds).toMatchObject([{ mode: 'copy' }])
  })

  it('is encoded where its channels change, which one header for all of it cannot say', async () => {
    const made = await line.deliver(await broadcastOf('reshaped', ['1', '2']), 'web')
    expect(made.plan.sounds).toMatchObject([{ mode: 'encode', shapeChanges: true }])
    const { ffmpeg } = line.config.tools
    const main = made.pathOf('main.mp4')
    // A frame of silence before what an encoder begins with.
    const meant = [0.5, 1.5, 2.592, 3.592].map((at) => at + 0.021)
    expectBeeps(await beepsIn(ffmpeg, main), meant, 0.03)
    const { stderr } = await run(ffmpeg, ['-v', 'error', '-i', main, '-map', '0:a', '-f', 'null', '-'])
    expect(stderr).toBe('')
  })
})

describe('a second track that only some of a recording has', () => {
  it.each(['mkv', 'ts'])('is heard when it is there, from %s', async (container) => {
    const absent = ['-bsf:a:1', "noise=drop='between(pts*tb,2,14)+between(pts*tb,15,29)'"]
    const sounds = [...beep(32), ...beep(32, 0.75)]
    const maps = ['-map', '0', '-map', '1', '-map', '2', ...MPEG2, '-c:a', 'mp2']
    const film = await line.source(`second.${container}`, ...flash(32), ...sounds, ...maps, ...absent)
    const made = await line.deliver(film, 'stream')
    expect(made.plan.leastJumpS).toBe(container === 'ts' ? 15 : undefined)
    const lists = made.plan.sounds.map(({ name }) => made.pathOf(`stream/${name}/index.m3u8`))
    const heard = await Promise.all(lists.map((list) => beepsIn(line.config.tools.ffmpeg, list)))
    expectBeeps(
      heard[0] ?? [],
      Array.from({ length: 32 }, (_, second) => second + 0.5),
      0.03,
    )
    expectBeeps(heard[1] ?? [], [0.75, 1.75, 14.75, 29.75, 30.75, 31.75], 0.03)
  })

  it('is encoded where it could be copied, as players stop at what is not there', async () => {
    const film = await line.source(
      'second.mp4',
      ...flash(16),
      ...beep(16),
      ...H264,
      '-bsf:a',
      "noise=drop='between(pts*tb,2,13)'",
    )
    const made = await line.deliver(film, 'stream')
    expect(made.plan.sounds).toMatchObject([{ mode: 'encode', holes: [expect.anything()] }])
    const heard = await beepsIn(line.config.tools.ffmpeg, made.pathOf('stream/audio/index.m3u8'))
    expectBeeps(heard, [0.5, 1.5, 13.5, 14.5, 15.5], 0.03)
  })
})

describe('an excerpt of sound with a hole', () => {
  const source = () =>
    line.source(
      'hole.mkv',
      ...flash(20),
      ...beep(20),
      ...MPEG2,
      '-c:a',
      'ac3',
      '-bsf:a',
      "noise=drop='between(pts*tb,10,14)'",
    )

  it.each([
    ['ends in it', 5, 13, [0.5, 1.5, 2.5, 3.5, 4.5]],
    ['begins in it', 12, 18, [2.5, 3.5, 4.5, 5.5]],
    ['reaches over it', 8, 16, [0.5, 1.5, 6.5, 7.5]],
  ])('%s', async (_, from, to, beeps) => {
    const made = await line.deliver(await source(), 'web', { startMs: from * 1_000, endMs: to * 1_000 })
    expect(made.plan.sounds).toMatchObject([{ mode: 'encode' }])
    expectBeeps(await beepsIn(line.config.tools.ffmpeg, made.pathOf('main.mp4')), beeps, 0.03)
  })

  it('has none where it lies in it', async () => {
    const made = await line.deliver(await source(), 'web', { startMs: 10_500, endMs: 13_500 })
    expect(made.plan.sounds).toEqual([])
  })
})

describe('sound that begins late', () => {
  it.each(['m4a', 'opus'] as const)('is brought to one loudness as %s', async (audioFormat) => {
    const film = await line.source('late.ts', ...flash(26), '-itsoffset', '20', ...beep(6), ...MPEG2, '-c:a', 'aac')
    const made = await line.deliver(film, 'audio', { audioFormat })
    expect(made.loudness?.integratedLufs).not.toBeNull()
    const heard = await beepsIn(line.config.tools.ffmpeg, made.pathOf(`main.${audioFormat}`))
    expectBeeps(heard, [20.5, 21.5, 22.5, 23.5, 24.5, 25.5], 0.03)
  })
})
