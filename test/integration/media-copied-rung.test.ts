import { execFile } from 'node:child_process'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { MediaPlan } from '../../contract/plan.ts'
import { createGridSources, type GridSource } from './grid-sources.ts'
import { createMediaLine, ffprobe, type Made, type MediaLine } from './media-line.ts'

const run = promisify(execFile)

let line: MediaLine
let sources: ReturnType<typeof createGridSources>
beforeAll(async () => {
  line = await createMediaLine()
  sources = createGridSources(line.config.tools.ffmpeg, line.dataDir)
})
afterAll(() => line.close())

const playlistOf = (made: Made, folder: string): Promise<string> =>
  readFile(made.pathOf(`stream/${folder}/index.m3u8`), 'utf8')
const lengthsOf = async (made: Made, folder: string): Promise<string[]> =>
  [...(await playlistOf(made, folder)).matchAll(/#EXTINF:([\d.]+)/g)].flatMap(([, seconds = '']) => seconds)

/** Initialisation and the given segments of a size as one file. */
const joined = async (made: Made, parts: readonly string[]): Promise<string> => {
  const path = join(line.dataDir, `${parts.join('-').replaceAll('/', '_')}.mp4`)
  await writeFile(path, Buffer.concat(await Promise.all(parts.map((part) => readFile(made.pathOf(`stream/${part}`))))))
  return path
}
const wholeOf = (made: Made, folder: string): Promise<string> => {
  const names = made.products.map(({ path }) => path.slice('stream/'.length))
  const segments = names.filter((name) => name.startsWith(`${folder}/`) && name.endsWith('.m4s')).toSorted()
  return joined(made, [`${folder}/init.mp4`, ...segments])
}

/** Presentation and decoding time of every packet, in microseconds, and whether it is a keyframe. */
const timesOf = async (path: string): Promise<string[]> => {
  const entries = ['-select_streams', 'v:0', '-show_entries', 'packet=pts_time,dts_time,flags']
  const { stdout } = await run(line.config.tools.ffprobe, ['-v', 'error', ...entries, '-of', 'csv=p=0', path])
  return stdout.split('\n').filter((text) => text !== '')
}

/** MD5 of every picture: as it is stored, and as it is shown. */
const picturesOf = async (path: string): Promise<{ stored: string[]; shown: string[] }> => {
  const read = async (...options: string[]): Promise<string[]> => {
    const args = ['-v', 'error', '-i', path, '-map', '0:v:0', ...options, '-f', 'framemd5', '-']
    const { stdout } = await run(line.config.tools.ffmpeg, args)
    const lines = stdout.split('\n').filter((text) => text !== '' && !text.startsWith('#'))
    return lines.map((text) => text.split(',').at(-1)?.trim() ?? '')
  }
  return { stored: await read('-c', 'copy'), shown: await read() }
}

/** Where segments begin by their `tfdt`, in ticks of the track, and the track's edit list as bytes. */
const beginningsOf = async (made: Made, folder: string) => {
  const init = await readFile(made.pathOf(`stream/${folder}/init.mp4`))
  const edit = init.indexOf('elst')
  const segments = (await playlistOf(made, folder)).match(/^\d+\.m4s$/gm) ?? []
  const begins = await Promise.all(
    segments.map(async (name) => {
      const bytes = await readFile(made.pathOf(`stream/${folder}/${name}`))
      const box = bytes.indexOf('tfdt')
      return bytes[box + 4] === 1 ? Number(bytes.readBigUInt64BE(box + 8)) : bytes.readUInt32BE(box + 8)
    }),
  )
  const { streams } = await ffprobe(line.config.tools.ffprobe, await wholeOf(made, folder))
  const ticks = Number(String(streams[0]?.['time_base']).split('/')[1])
  const delay = edit < 0 ? 0 : init.readUInt32BE(edit + 16)
  return { delayS: delay / ticks, beginsS: begins.map((begin) => begin / ticks) }
}

describe.each<[string, GridSource]>([
  ['30 frames a second', { name: '30.mp4' }],
  ['29.97, without B-frames', { name: '2997.mp4', rate: '30000/1001', x264: 'bframes=0' }],
  [
    '25, B-frames without references to each other, no tags',
    { name: '25.mp4', rate: '25', group: 50, x264: 'b-pyramid=none', size: '1280x720', seconds: 5, tagged: false },
  ],
  ['60 in QuickTime, keyframes only where segments begin', { name: '60.mov', rate: '60', group: 240 }],
])('a source that fits: %s', (_, source) => {
  let path: string
  let made: Made
  let top: string
  let lower: string[]
  beforeAll(async () => {
    path = await sources.make(source)
    made = await line.make(path, 'stream')
    const { video } = made.plan
    if (video.mode !== 'encode' || video.copied === null) throw new Error(`not copied: ${made.plan.reasons.join(' ')}`)
    top = video.copied.name
    lower = video.renditions.map(({ name }) => name)
  })

  it('is the largest size, bit by bit, and only smaller ones are encoded', async () => {
    expect(made.plan.reasons[0]).toMatch(/copied without loss, smaller sizes are encoded/)
    expect(lower.length).toBeGreaterThan(0)
    expect(lower).not.toContain(top)
    expect(await picturesOf(await wholeOf(made, top))).toEqual(await picturesOf(path))
  })

  it('has all sizes begin, change and end together, to the tick', async () => {
    const [first, ...others] = await Promise.all([top, ...lower].map((folder) => beginningsOf(made, folder)))
    const lengths = await lengthsOf(made, top)
    expect(lengths.length).toBeGreaterThan(1)
    for (const folder of lower) expect(await lengthsOf(made, folder)).toEqual(lengths)
    for (const other of others) expect(other).toEqual(first)
    const times = await timesOf(await wholeOf(made, top))
    const shownAt = (packets: string[]): string[] => packets.map((packet) => packet.split(',')[0] ?? '').toSorted()
    for (const folder of lower) {
      expect(shownAt(await timesOf(await wholeOf(made, folder)))).toEqual(shownAt(times))
    }
    expect(times[0]).toMatch(/^0\.000000,-0\.0\d+,K/)
  })

  it('is announced as what it is, in one set with the others', async () => {
    const master = await readFile(made.pathOf('stream/master.m3u8'), 'utf8')
    const { streams } = await ffprobe(line.config.tools.ffprobe, path)
    const [video] = streams
    const level = (video?.level ?? 0).toString(16).padStart(2, '0')
    const stream = master
      .split('\n')
      .find((text, index, all) => all[index + 1]?.startsWith(`${top}/`) === true && text !== '')
    expect(stream).toMatch(
      new RegExp(`CODECS="avc1\\.64[0-9a-f]{2}${level},mp4a\\.40\\.2",RESOLUTION=${source.size ?? '640x360'},`),
    )
    expect(stream).toMatch(/VIDEO-RANGE=SDR/)
    const bandwidth = Number(/BANDWIDTH=(\d+)/.exec(stream ?? '')?.[1])
    const peak = (await peakOf(made, top)) + (await peakOf(made, 'audio'))
    expect(Math.abs(bandwidth / peak - 1), `${bandwidth} announced, ${peak} there`).toBeLessThan(0.02)
    const dash = await readFile(made.pathOf('stream/manifest.mpd'), 'utf8')
    expect(dash.match(/<AdaptationSet [^>]*contentType="video"/g)).toHaveLength(1)
  })

  it('plays across a change from it to a smaller size and back', async () => {
    const [smaller = ''] = lower
    // Each part with the initialisation of its size, as a player appends them.
    const change = [top, smaller]
    const shown = await Promise.all(
      change.map(async (folder, index) => {
        const part = await joined(made, [`${folder}/init.mp4`, `${folder}/0000${index + 1}.m4s`])
        return (await timesOf(part)).map((packet) => Number.parseFloat(packet)).toSorted((a, b) => a - b)
      }),
    )
    const all = shown.flat()
    const frame = (all[1] ?? 0) - (all[0] ?? 0)
    expect(frame).toBeGreaterThan(0)
    for (const [index, time] of all.entries()) expect(time).toBeCloseTo(index * frame, 3)
    const { stderr } = await run(line.config.tools.ffmpeg, [
      '-v',
      'error',
      '-i',
      made.pathOf('stream/master.m3u8'),
      '-map',
      '0:v',
      '-map',
      '0:a',
      '-f',
      'null',
      '-',
    ])
    expect(stderr).toBe('')
  })

  it('keeps picture and sound together', async () => {
    const { streams } = await ffprobe(line.config.tools.ffprobe, made.pathOf('stream/master.m3u8'))
    for (const { start_time } of streams) expect(Math.abs(start_time ?? 0)).toBeLessThan(0.03)
  })
})

/** Bits a second of the segment that needs most; shorter ones than half the target do not count (RFC 8216, 4.1). */
const peakOf = async (made: Made, folder: string): Promise<number> => {
  const segments = [...(await playlistOf(made, folder)).matchAll(/#EXTINF:([\d.]+),\n(\S+)/g)]
  const counted = segments.filter(([, seconds]) => Number(seconds) >= 2)
  const rates = counted.map(([, seconds, name]) => {
    const product = made.products.find(({ path }) => path === `stream/${folder}/${name}`)
    return (8 * (product?.sizeBytes ?? 0)) / Number(seconds)
  })
  return Math.max(...rates)
}

it('encodes nothing where the source is the only size', async () => {
  const made = await line.make(await sources.make({ name: 'small.mp4', size: '320x180', seconds: 5 }), 'stream')
  expect(made.plan.video).toMatchObject({ mode: 'copy', rung: { name: '180p' } })
  expect([made.plan.sounds[0]?.mode, made.plan.weights.transcode]).toEqual(['copy', 0])
  expect(await lengthsOf(made, '180p')).toEqual(['4.000', '1.000'])
  expect(made.products.filter(({ role }) => role === 'poster').length).toBeGreaterThan(0)
  expect(await readFile(made.pathOf('storyboard.vtt'), 'utf8')).toContain('-->')
  expect(await ffprobe(line.config.tools.ffprobe, made.pathOf('stream/master.m3u8'))).toMatchObject({
    streams: expect.arrayContaining([expect.objectContaining({ codec_name: 'h264', width: 320, height: 180 })]),
  })
})

it('does not deliver a copy that lacks a picture', async () => {
  const path = await sources.make({ name: 'counted.mp4', size: '320x180', seconds: 1 })
  const { jobId, file, plan } = await line.planSource(path, 'stream')
  if (plan.video.mode !== 'copy' || plan.video.rung === null) throw new Error(`not copied: ${plan.reasons.join(' ')}`)
  const rung = { ...plan.video.rung, frames: plan.video.rung.frames + 1 }
  const ref = line.ref(jobId, 'package')
  const expected: MediaPlan = { ...plan, video: { ...plan.video, rung } }
  await expect(
    line.act(line.media.packageMedia, { ref, file, plan: expected, chunks: [], sounds: [null], title: 'A clip' }),
  ).rejects.toMatchObject({ type: 'OutputInvalid' })
})
