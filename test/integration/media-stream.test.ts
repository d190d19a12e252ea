import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { makeClip } from './make-media.ts'
import { createMediaLine, ffprobe, type Made, type MediaLine } from './media-line.ts'
import { createSources } from './media-sources.ts'

const run = promisify(execFile)

let line: MediaLine
let sources: ReturnType<typeof createSources>
beforeAll(async () => {
  line = await createMediaLine()
  sources = createSources(line.config.tools.ffmpeg, line.dataDir)
})
afterAll(() => line.close())

const read = (made: Made, path: string): Promise<string> => readFile(made.pathOf(path), 'utf8')
const foldersOf = (made: Made): string[] => {
  const playlists = made.products.filter(({ path }) => /^stream\/[^/]+\/index\.m3u8$/.test(path))
  return playlists.map(({ path }) => dirname(path).slice('stream/'.length))
}

/** Bits a second of the segment that needs most; shorter ones than half the target do not count (RFC 8216, 4.1). */
const peakOf = async (made: Made, folder: string): Promise<number> => {
  const playlist = await read(made, `stream/${folder}/index.m3u8`)
  const segments = [...playlist.matchAll(/#EXTINF:([\d.]+),\n(\S+)/g)]
  const counted = segments.filter(([, seconds]) => Number(seconds) >= 2)
  const rates = counted.map(([, seconds, name]) => {
    const product = made.products.find(({ path }) => path === `stream/${folder}/${name}`)
    return (8 * (product?.sizeBytes ?? 0)) / Number(seconds)
  })
  return Math.max(...rates)
}

/** Times of keyframes in seconds, read from the playlist as a player would. */
const keyframes = async (made: Made, folder: string): Promise<number[]> => {
  const args = ['-v', 'error', '-show_entries', 'packet=pts_time,flags', '-of', 'compact=p=0:nk=1']
  const playlist = made.pathOf(`stream/${folder}/index.m3u8`)
  const { stdout } = await run(line.config.tools.ffprobe, [...args, '-allowed_extensions', 'ALL', playlist])
  const shown = stdout.split('\n').filter((packet) => packet.includes('|K'))
  return shown.map((packet) => Number.parseFloat(packet))
}

describe('a stream', () => {
  let made: Made
  beforeAll(async () => {
    const source = await makeClip(line.config.tools.ffmpeg, sources.at('nine.mp4'), { seconds: 9, size: '640x360' })
    made = await line.make(source, 'stream')
  })

  it('has a folder for each rendition and one for the sound', () => {
    expect(foldersOf(made)).toEqual(['240p', '360p', 'audio'])
    const types = Object.fromEntries(made.products.map(({ path, contentType }) => [path, contentType]))
    expect(types).toMatchObject({
      'stream/master.m3u8': 'application/vnd.apple.mpegurl',
      'stream/manifest.mpd': 'application/dash+xml',
      'stream/360p/init.mp4': 'video/mp4',
      'stream/360p/00001.m4s': 'video/mp4',
      'stream/audio/00001.m4s': 'audio/mp4',
    })
    expect(made.products.filter(({ role }) => role === 'hls' || role === 'dash').map(({ path }) => path)).toEqual([
      'stream/manifest.mpd',
      'stream/master.m3u8',
    ])
  })

  it('announces every rendition with the peak of its segments, over sound in a group of its own', async () => {
    const master = await read(made, 'stream/master.m3u8')
    expect(master).toMatch(/#EXT-X-MEDIA:TYPE=AUDIO,URI="audio\/index\.m3u8",GROUP-ID="audio"/)
    const lines = [
      ...master.matchAll(/#EXT-X-STREAM-INF:BANDWIDTH=(\d+),.*RESOLUTION=(\w+),.*AUDIO="audio".*\n(\w+)\//g),
    ]
    expect(new Set(lines.map((match) => match[2]))).toEqual(new Set(['426x240', '640x360']))
    for (const [, bandwidth, , folder = ''] of lines) {
      const peak = (await peakOf(made, folder)) + (await peakOf(made, 'audio'))
      expect(Math.abs(Number(bandwidth) / peak - 1), `${bandwidth} announced, ${peak} there`).toBeLessThan(0.02)
    }
  })

  it('refers to the same segments from both manifests', async () => {
    const dash = await read(made, 'stream/manifest.mpd')
    expect(dash).toContain('type="static"')
    for (const folder of foldersOf(made)) {
      expect(dash).toContain(`initialization="${folder}/init.mp4" media="${folder}/$Number%05d$.m4s"`)
      expect(await read(made, `stream/${folder}/index.m3u8`)).toMatch(/#EXT-X-ENDLIST/)
    }
  })

  it('has keyframes every two and segments every four seconds, at the same places everywhere', async () => {
    expect(await keyframes(made, '360p')).toEqual([0, 2, 4, 6, 8])
    expect(await keyframes(made, '240p')).toEqual([0, 2, 4, 6, 8])
    for (const folder of ['360p', '240p', 'audio']) {
      const lengths = [...(await read(made, `stream/${folder}/index.m3u8`)).matchAll(/#EXTINF:([\d.]+)/g)].map(lengthOf)
      expect(lengths).toHaveLength(3)
      expect(lengths[0]).toBeCloseTo(4, 1)
      expect(lengths.reduce((sum, length) => sum + length, 0)).toBeCloseTo(9, 1)
    }
  })

  it('plays from its beginning, picture and sound together, in full length', async () => {
    const { streams, format } = await ffprobe(line.config.tools.ffprobe, made.pathOf('stream/master.m3u8'))
    expect(streams.filter((stream) => stream.codec_name === 'h264')).toHaveLength(2)
    expect(streams.filter((stream) => stream.codec_name === 'aac')).toHaveLength(1)
    for (const stream of streams) expect(Math.abs(stream.start_time ?? 0)).toBeLessThan(0.03)
    expect(format.duration).toBeCloseTo(9, 0)
  })

  it('can be decoded whole by either manifest', async () => {
    for (const manifest of ['stream/master.m3u8', 'stream/manifest.mpd']) {
      const args = ['-v', 'error', '-i', made.pathOf(manifest), '-map', '0:v', '-map', '0:a', '-f', 'framecrc', '-']
      const { stdout, stderr } = await run(line.config.tools.ffmpeg, args)
      expect(stderr).toBe('')
      // Two renditions of nine seconds at 25 frames.
      expect(stdout.split('\n').filter((text) => /^[01],/.test(text))).toHaveLength(450)
    }
  })

  it('has a storyboard with a tile a second and cues to the end', async () => {
    const vtt = await read(made, 'storyboard.vtt')
    expect(vtt.match(/-->/g)).toHaveLength(9)
    expect(vtt).toContain('00:00:08.000 --> 00:00:09.0')
    expect((await made.probe('storyboard-001.jpg')).streams[0]).toMatchObject({ width: 1_440, height: 90 })
  })

  it('reports progress in media time up to the end, never backwards', () => {
    const percents = line.samples.filter(({ step }) => step === 'transcode').map(({ percent }) => percent ?? 0)
    expect(percents.at(-1)).toBe(100)
    expect(percents.length).toBeGreaterThan(1)
    expect(percents).toEqual(percents.toSorted((a, b) => a - b))
  })
})

const lengthOf = (match: RegExpMatchArray): number => Number(match[1])

describe('streams of odd sources', () => {
  it.each([
    ['portrait', ['240p', 'audio']],
    ['rotated', ['240p', 'audio']],
    ['oddSize', ['240p', 'audio']],
    ['onePixel', ['16p', 'audio']],
    ['audioOnly', ['audio']],
    ['videoOnly', ['240p']],
    ['variableRate', ['240p']],
    ['lateSound', ['240p', 'audio']],
  ] as const)('%s becomes %j', async (source, folders) => {
    const made = await line.make(await sources[source](), 'stream')
    expect(foldersOf(made)).toEqual(folders)
    const { streams } = await ffprobe(line.config.tools.ffprobe, made.pathOf('stream/master.m3u8'))
    for (const stream of streams) expect(Math.abs(stream.start_time ?? 0)).toBeLessThan(0.03)
  })

  it('keeps the times of a variable rate', async () => {
    const source = await sources.variableRate()
    const made = await line.make(source, 'stream')
    expect(made.plan.video).toMatchObject({ frameRate: null })
    expect(await frameTimes(made.pathOf('stream/240p/index.m3u8'))).toEqual(await frameTimes(source))
  })

  it('go on in DASH for as long as the sound does', async () => {
    const clip = { seconds: 6, options: ['-filter:v', 'trim=end=2'] }
    const source = await makeClip(line.config.tools.ffmpeg, sources.at('long-sound.mp4'), clip)
    const made = await line.make(source, 'stream')
    const mpd = await readFile(made.pathOf('stream/manifest.mpd'), 'utf8')
    expect(Number(/mediaPresentationDuration="PT([\d.]+)S"/.exec(mpd)?.[1])).toBeCloseTo(6, 1)
  })
})

/** Times at which pictures are shown, in hundredths of a second. */
const frameTimes = async (path: string): Promise<number[]> => {
  const args = ['-v', 'error', '-select_streams', 'v:0', '-show_entries', 'packet=pts_time', '-of', 'csv=p=0']
  const { stdout } = await run(line.config.tools.ffprobe, [...args, '-allowed_extensions', 'ALL', path])
  const times = stdout.split('\n').flatMap((text) => (text.trim() === '' ? [] : [Number.parseFloat(text)]))
  return times.toSorted((a, b) => a - b).map((time) => Math.round(time * 100))
}
