import { readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { PRESET_NAMES } from '../../contract/presets.ts'
import { makeClip } from './make-media.ts'
import { createMediaLine, type MediaLine } from './media-line.ts'
import { createSources } from './media-sources.ts'

let line: MediaLine
let sources: ReturnType<typeof createSources>
beforeAll(async () => {
  line = await createMediaLine()
  sources = createSources(line.config.tools.ffmpeg, line.dataDir)
})
afterAll(() => line.close())

describe('refused with its reason', () => {
  it.each([
    ['text', /^The file is not a video or audio recording: no known container was found in it\.$/],
    ['empty', /^The file is empty\.$/],
    ['withoutIndex', /^The MP4 has no index \(moov\): it was cut off, or its recording was never finished\.$/],
    ['cutOff', /^The file is cut off: \d+ of its \d+ bytes are there\.$/],
    ['playlist', /points to other files/],
    ['hlsPlaylist', /not a video or audio recording|points to other files/],
  ] as const)('%s', async (source, message) => {
    const path = await sources[source]()
    for (const preset of PRESET_NAMES) {
      await expect(line.make(path, preset)).rejects.toMatchObject({
        type: 'UnsupportedMedia',
        message: expect.stringMatching(message),
        nonRetryable: true,
      })
    }
  })

  it('a recording without sound, where only sound is wanted', async () => {
    const made = line.make(await sources.videoOnly(), 'audio')
    await expect(made).rejects.toMatchObject({ type: 'UnsupportedMedia', message: 'The source has no sound.' })
  })
})

describe('an attempt that ends early', () => {
  const scratch = (): Promise<string[]> => readdir(join(line.dataDir, 'scratch'))
  const planned = async (path: string) => {
    const { jobId, file, plan } = await line.planSource(path, 'stream')
    return { ref: line.ref(jobId, 'transcode', '1'), file, plan, chunk: 0 }
  }

  it('leaves no program and nothing in scratch when cancelled', async () => {
    const clip = { seconds: 20, size: '640x360', audio: false }
    const input = await planned(await makeClip(line.config.tools.ffmpeg, sources.at('long.mp4'), clip))
    const before = line.samples.length
    const encoding = line.act(line.media.transcodeChunk, input)
    const outcome = encoding.catch((error: unknown) => error)
    await expect.poll(() => line.samples.length, { timeout: 30_000 }).toBeGreaterThan(before + 1)
    line.cancelAll()
    expect(await outcome).toMatchObject({ name: 'CancelledFailure' })
    expect(await scratch()).toEqual([])
    expect(await line.deps.store.find(`${input.ref.jobId}/${input.plan.hash}`)).toBeNull()
  })

  it('fails as ToolCrashed with the last words of the program, nothing left behind', async () => {
    const input = await planned(await sources.plain())
    const path = await line.deps.store.read(input.file.key)
    await writeFile(path, 'overwritten after it was probed')
    await expect(line.act(line.media.transcodeChunk, input)).rejects.toMatchObject({
      type: 'ToolCrashed',
      message: expect.stringContaining('ffmpeg'),
    })
    expect(await scratch()).toEqual([])
  })

  it('finds what an earlier attempt finished, by the hash of the plan', async () => {
    const input = await planned(await sources.plain())
    const first = await line.act(line.media.transcodeChunk, input)
    const path = await line.deps.store.read(input.file.key)
    await writeFile(path, 'no longer readable, but no longer needed')
    expect(await line.act(line.media.transcodeChunk, input)).toEqual(first)
  })

  it('leaves out thumbnails that cannot be made: they never fail a job', async () => {
    const { ref, file, plan } = await planned(await sources.plain())
    await writeFile(await line.deps.store.read(file.key), 'no picture can be read from this')
    const thumbnail = {
      ref,
      file,
      plan: { ...plan, thumbnails: { ...plan.thumbnails, storyboardFrom: 'decode' as const } },
    }
    const { files } = await line.act(line.media.poster, { ...thumbnail, title: 'A clip' })
    expect(files.map(({ path }) => path)).toContain('poster-320.webp')
    expect(await line.act(line.media.storyboard, { ...thumbnail, chunks: [] })).toEqual({ files: [] })
  })

  it('does not accept a result of the wrong length', async () => {
    const input = await planned(await sources.plain())
    if (input.plan.video.mode !== 'encode') throw new Error('nothing to encode')
    const plan = { ...input.plan, video: { ...input.plan.video, expectedMs: 10_000 } }
    await expect(line.act(line.media.transcodeChunk, { ...input, plan })).rejects.toMatchObject({
      type: 'OutputInvalid',
      message: 'The encoded picture lasts 1.0 s instead of 10.0 s.',
    })
  })
})
