import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { chunkOf, secondsAt } from '../../tools/encode-chunk.ts'
import { readFragments } from '../../tools/mp4-fragments.ts'
import { createMediaLine, type MediaLine } from './media-line.ts'

/** Two hours, of which only some chunks are made here: that each costs what it has, wherever it lies. */

const run = promisify(execFile)
const SECONDS = 7_200
const RATE = 2

let line: MediaLine
beforeAll(async () => {
  line = await createMediaLine()
})
afterAll(() => line.close())

/** Small and slow, with a keyframe every so many seconds. */
const longSource = async (name: string, keyframeS: number): Promise<string> => {
  const path = join(line.dataDir, name)
  const picture = ['-f', 'lavfi', '-i', `color=size=64x48:rate=${RATE}:duration=${SECONDS}`]
  const group = `keyint=${keyframeS * RATE}:min-keyint=1:scenecut=0`
  const codec = ['-c:v', 'libx264', '-preset', 'ultrafast', '-pix_fmt', 'yuv420p', '-x264-params', group]
  await run(line.config.tools.ffmpeg, ['-v', 'error', '-y', ...picture, ...codec, path])
  return path
}

it('a keyframe a minute: in chunks that begin where they should', async () => {
  const keyframeS = 60
  const planned = await line.planSource(await longSource('minute.mkv', keyframeS), 'stream')
  const { plan, jobId } = planned
  if (plan.video.mode !== 'encode') throw new Error(plan.reasons.join(' '))
  const { video } = plan
  // As many as there are keyframes at most: more would decode the same again and again.
  const count = video.chunkStarts.length
  expect(count).toBeLessThanOrEqual(Math.min(240, SECONDS / keyframeS))
  expect(count).toBeGreaterThanOrEqual(0.9 * (SECONDS / keyframeS))
  for (const index of [0, Math.floor(count / 2), count - 1]) {
    const ref = line.ref(jobId, 'transcode', `${index}`)
    const made = await line.act(line.media.transcodeChunk, { ref, file: planned.file, plan, chunk: index })
    const { frames, startS } = await readFragments(join(await line.deps.store.read(made.key), '48p.mp4'))
    const { from, length } = chunkOf(video, index)
    expect(frames).toBe(length ?? SECONDS * RATE - from)
    expect(startS).toBeCloseTo(secondsAt(video, from), 3)
  }
})

it('a single keyframe: in one piece, and says why', async () => {
  const { plan } = await line.planSource(await longSource('single.mkv', SECONDS), 'stream')
  expect(plan.video).toMatchObject({ mode: 'encode', chunkStarts: [0] })
  expect(plan.reasons).toContain('It is encoded in one piece: it has one keyframe only.')
})
