import { execFile } from 'node:child_process'
import { stat, truncate } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { VideoEncode } from '../../contract/plan.ts'
import { joinFragments } from '../../tools/mp4-fragments.ts'
import { CHUNK_SOURCES, makeChunkSource } from './chunk-sources.ts'
import { createMediaLine, type MediaLine, type Planned } from './media-line.ts'

const exec = promisify(execFile)

let line: MediaLine
let onePiece: MediaLine
beforeAll(async () => {
  ;[line, onePiece] = await Promise.all([
    createMediaLine({ SLUICE_CHUNK_MS: '4000' }),
    createMediaLine({ SLUICE_CHUNK_MS: '60000' }),
  ])
})
afterAll(() => Promise.all([line.close(), onePiece.close()]))

/** Kept bit for bit, so that what was encoded can be compared with what should have been. */
const lossless = (video: VideoEncode): VideoEncode => {
  const exact = { crf: 0, profile: 'high444' as 'high' }
  return { ...video, renditions: video.renditions.slice(0, 1).map((rendition) => ({ ...rendition, ...exact })) }
}

/** `time,digest` of each picture of a file, in the order in which they are shown. */
const picturesOf = async (path: string): Promise<string[]> => {
  const { stdout } = await exec(line.config.tools.ffmpeg, [
    '-v',
    'error',
    '-i',
    path,
    '-map',
    '0:v',
    '-f',
    'framemd5',
    '-',
  ])
  const rows = stdout.split('\n').filter((row) => row !== '' && !row.startsWith('#'))
  return rows.map((row) => {
    const [, , pts, , , digest] = row.split(',').map((cell) => cell.trim())
    return `${pts},${digest}`
  })
}

const encodeAs = async (input: Planned, video: VideoEncode, name: string) => {
  const made = await line.encodeChunks({ ...input, plan: { ...input.plan, hash: name, video } })
  const dirs = await Promise.all(made.map(({ key }) => line.deps.store.read(key)))
  const output = join(line.dataDir, `${input.jobId}-${name}.mp4`)
  const paths = dirs.map((dir) => join(dir, `${video.renditions[0]?.name}.mp4`))
  await joinFragments({ paths, output, variable: video.frameRate === null })
  return output
}

describe('chunks have the pictures of an encode in one piece', () => {
  it.each(Object.keys(CHUNK_SOURCES))('%s', async (name) => {
    const path = await makeChunkSource(line.config.tools.ffmpeg, line.dataDir, name)
    const { jobId, file, plan } = await line.planSource(path, 'stream')
    if (plan.video.mode !== 'encode') throw new Error(plan.reasons.join(' '))
    expect(plan.video.chunkStarts.length).toBeGreaterThan(2)
    const video = lossless(plan.video)
    const chunked = await picturesOf(await encodeAs({ jobId, file, plan }, video, 'chunked'))
    const whole = await picturesOf(
      await encodeAs({ jobId, file, plan }, { ...video, chunkStarts: [0], fromCopy: false }, 'whole'),
    )
    expect(chunked.length).toBe(whole.length)
    expect(chunked).toEqual(whole)
  })
})

/** `stream,pts,dts,duration,flags` of every packet. */
const packetsOf = async (path: string): Promise<string[]> => {
  const entries = ['-show_entries', 'packet=stream_index,pts_time,dts_time,duration_time,flags', '-of', 'csv=p=0']
  const { stdout } = await exec(line.config.tools.ffprobe, ['-v', 'error', ...entries, path], { maxBuffer: 1e8 })
  return stdout.split('\n').filter((row) => row !== '')
}

/** Likeness of the picture to that of the source, 0–1. */
const likeness = async (path: string, source: string): Promise<number> => {
  const graph = '[0:v][1:v]scale2ref[a][b];[a][b]ssim'
  const args = ['-hide_banner', '-i', path, '-i', source, '-lavfi', graph, '-f', 'null', '-']
  const { stderr } = await exec(line.config.tools.ffmpeg, args)
  return Number(/SSIM .*All:([\d.]+)/.exec(stderr)?.[1])
}

describe('what is delivered in chunks', () => {
  it.each([
    ['web', 'main.mp4', 'MPEG-4 part 2'],
    ['stream', 'stream/96p/index.m3u8', 'MPEG-4 part 2'],
    ['stream', 'stream/96p/index.m3u8', 'frames that last differently long'],
  ] as const)('as %s, %s, of %s lasts, changes and looks as in one piece', async (preset, file, source) => {
    const path = await makeChunkSource(line.config.tools.ffmpeg, line.dataDir, source)
    const [made, whole] = [await line.make(path, preset), await onePiece.make(path, preset)]
    expect([made, whole].map(({ plan }) => plan.video.mode === 'encode' && plan.video.chunkStarts.length)).toEqual([
      3, 1,
    ])
    // Which pictures are B is up to the encoder's look ahead, which ends with the chunk: the times are the same all the same.
    const times = (packets: string[]): string[] => packets.map((row) => row.replace(/,[\d.-]+,/, ',')).toSorted()
    const shown = (packets: string[]): string[] => packets.map((row) => row.split(',').slice(0, 2).join()).toSorted()
    const [chunked, single] = [await packetsOf(made.pathOf(file)), await packetsOf(whole.pathOf(file))]
    expect(times(chunked)).toEqual(times(single))
    expect(shown(chunked)).toEqual(shown(single))
    const decoded = chunked.filter((row) => row.startsWith('0,')).map((row) => Number(row.split(',')[2]))
    expect(decoded).toEqual(decoded.toSorted((one, other) => one - other))
    const alike = [await likeness(made.pathOf(file), path), await likeness(whole.pathOf(file), path)]
    expect(alike[0]).toBeGreaterThan(0.9)
    expect(alike[0]).toBeCloseTo(alike[1] ?? 0, 3)
  })

  it('takes finished chunks as they are, and makes damaged ones again', async () => {
    const path = await makeChunkSource(line.config.tools.ffmpeg, line.dataDir, 'five B-frames in a row')
    const { jobId, file, plan } = await line.planSource(path, 'stream')
    const input = { ref: line.ref(jobId, 'transcode', '1'), file, plan, chunk: 1 }
    const { key } = await line.act(line.media.transcodeChunk, input)
    const rendition = join(await line.deps.store.read(key), '96p.mp4')
    const first = await stat(rendition)
    await line.act(line.media.transcodeChunk, input)
    expect((await stat(rendition)).ino).toBe(first.ino)
    await truncate(rendition, first.size - 1)
    await line.act(line.media.transcodeChunk, input)
    expect((await stat(rendition)).size).toBe(first.size)
  })

  it('refuses to join what does not follow', async () => {
    const path = await makeChunkSource(line.config.tools.ffmpeg, line.dataDir, 'keyframes beside the grid')
    const { jobId, file, plan } = await line.planSource(path, 'stream')
    const chunks = []
    for (const chunk of [0, 2])
      chunks.push(
        await line.act(line.media.transcodeChunk, { ref: line.ref(jobId, 'transcode', `${chunk}`), file, plan, chunk }),
      )
    const packaging = { ref: line.ref(jobId, 'package'), file, plan, chunks, sounds: [null], title: 'A clip' }
    await expect(line.act(line.media.packageMedia, packaging)).rejects.toMatchObject({
      type: 'OutputInvalid',
      message: 'An encoded piece does not join the one before.',
    })
  })
})
