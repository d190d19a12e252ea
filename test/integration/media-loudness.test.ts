import { execFile } from 'node:child_process'
import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { JobOptions, PresetName } from '../../contract/presets.ts'
import { createMediaLine, type MediaLine } from './media-line.ts'

const exec = promisify(execFile)

let line: MediaLine
beforeAll(async () => {
  line = await createMediaLine()
})
afterAll(() => line.close())

const SECONDS = 6
/** Speech-like: tones that swell four times a second and fall silent every third second. */
const voice = (volume: number, also = '0', seconds = SECONDS): string => {
  const tones = [220, 660, 1_500].map((hertz, index) => `${[0.5, 0.3, 0.2][index]}*sin(2*PI*${hertz}*t)`).join('+')
  return `aevalsrc='${volume}*(${tones})*(0.6+0.4*sin(25*t))*lt(mod(t,3),2.5)+${also}':s=48000:d=${seconds}`
}
const claps = 'if(lt(mod(t,2),0.008),0.9*sin(2*PI*900*t),0)'

const SOURCES = {
  quiet: { filter: voice(0.05), channels: 2, codec: ['flac'] },
  loud: { filter: `${voice(6)},alimiter=limit=0.99:level=0`, channels: 2, codec: ['aac', '-b:a', '192k'] },
  peaks: { filter: voice(0.25, claps), channels: 2, codec: ['flac'] },
  surround: { filter: voice(0.1), channels: 6, codec: ['ac3', '-b:a', '448k'] },
  mono: { filter: voice(0.15), channels: 1, codec: ['flac'] },
  silent: { filter: `anullsrc=r=48000:d=${SECONDS}`, channels: 2, codec: ['flac'] },
  short: { filter: voice(0.05, '0', 1), channels: 2, codec: ['aac'] },
  right: { filter: voice(0.58), channels: 2, codec: ['aac', '-b:a', '160k'] },
} as const

const sourceOf = async (name: keyof typeof SOURCES): Promise<string> => {
  const { filter, channels, codec } = SOURCES[name]
  const path = join(line.dataDir, `${name}.mkv`)
  const args = ['-f', 'lavfi', '-i', filter, '-ac', `${channels}`, '-c:a', ...codec]
  await exec(line.config.tools.ffmpeg, ['-v', 'error', '-y', ...args, path])
  return path
}

/** By another filter than the one that measures for us, in one pass over the finished file. */
const heard = async (path: string): Promise<{ lufs: number; peak: number }> => {
  const args = ['-hide_banner', '-nostats', '-i', path, '-map', '0:a:0', '-af', 'loudnorm=print_format=json']
  const { stderr } = await exec(line.config.tools.ffmpeg, [...args, '-f', 'null', '-'])
  const said = JSON.parse(stderr.slice(stderr.lastIndexOf('{'), stderr.lastIndexOf('}') + 1)) as Record<string, string>
  return { lufs: Number(said['input_i']), peak: Number(said['input_tp']) }
}

/** A digest of the coded sound. */
const packetsOf = async (path: string): Promise<string> => {
  const args = ['-v', 'error', '-i', path, '-map', '0:a:0', '-c', 'copy', '-f', 'streamhash', '-']
  return (await exec(line.config.tools.ffmpeg, args)).stdout
}

/** What becomes of the sound, without pictures of it. */
const make = async (path: string, preset: PresetName, options: JobOptions = {}) => {
  const { jobId, file, plan } = await line.planSource(path, preset, options)
  const [made = null] = await line.encodeSounds({ jobId, file, plan })
  const sounds = [made?.file ?? null]
  const packaging = { ref: line.ref(jobId, 'package'), file, plan, chunks: [], sounds, title: 'A' }
  const { files } = await line.act(line.media.packageMedia, packaging)
  return { loudness: made?.loudness ?? null, main: await line.deps.store.read(files[0]?.key ?? '') }
}

describe('sound at one loudness', () => {
  it.each<[keyof typeof SOURCES, PresetName, JobOptions, string]>([
    ['quiet', 'audio', {}, 'gain'],
    ['quiet', 'audio', { audioFormat: 'mp3' }, 'gain'],
    ['quiet', 'audio', { audioFormat: 'opus' }, 'gain'],
    ['loud', 'audio', {}, 'gain'],
    ['mono', 'audio', {}, 'gain'],
    ['surround', 'archive', { loudness: true }, 'gain'],
    ['peaks', 'audio', {}, 'compressed'],
  ])('%s as %s %o by %s', async (source, preset, options, change) => {
    const path = await sourceOf(source)
    const made = await make(path, preset, options)
    expect(made.loudness).toMatchObject({ change, copied: false })
    expect(Math.abs((made.loudness?.integratedLufs ?? -16) - -16)).toBeGreaterThan(4)
    const { lufs, peak } = await heard(made.main)
    const tolerance = change === 'gain' ? 0.5 : 1
    expect(Math.abs(lufs - -16)).toBeLessThan(tolerance)
    // What is lost in coding comes back as noise on top of the peaks.
    expect(peak).toBeLessThan(-1.5 + 0.3)
  })

  it.each<[keyof typeof SOURCES, JobOptions, RegExp]>([
    ['silent', {}, /silent/],
    ['short', {}, /3 s are the least/],
    ['right', {}, /near enough to -16 LUFS \(-16\.\d LUFS, -\d\.\d dBTP\) and is copied/],
    ['loud', { loudness: false }, /^$/],
  ])('%s with %o is left as it is', async (source, options, reason) => {
    const path = await sourceOf(source)
    const made = await make(path, 'audio', options)
    expect(made.loudness?.reason ?? '').toMatch(reason)
    expect(made.loudness?.change ?? 'none').toBe('none')
    const copied = SOURCES[source].codec[0] === 'aac'
    const [before, after] = [await packetsOf(path), await packetsOf(made.main)]
    expect(after === before).toBe(copied)
  })

  it('goes into the segments of a stream as it is where it is near enough', async () => {
    const made = await line.make(await sourceOf('right'), 'stream', { loudness: true })
    expect(made.loudness).toMatchObject({ copied: true })
    expect((await heard(made.pathOf('stream/audio/index.m3u8'))).lufs).toBeCloseTo(-16.4, 0)
  })

  it('is measured once, and the segments of a stream have it, too', async () => {
    const { jobId, file, plan } = await line.planSource(await sourceOf('quiet'), 'stream', { loudness: true })
    const input = { ref: line.ref(jobId, 'transcode', 'audio'), file, plan, sound: 0 }
    const made = await line.act(line.media.transcodeAudio, input)
    const noted = join(await line.deps.store.read(`${jobId}/${plan.hash}`), 'audio-loudness.json')
    const first = await stat(noted)
    expect(await line.act(line.media.transcodeAudio, input)).toEqual(made)
    expect((await stat(noted)).ino).toBe(first.ino)
    expect((await heard(await line.deps.store.read(made.file?.key ?? ''))).lufs).toBeCloseTo(-16, 0)
  })
})
