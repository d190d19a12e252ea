import { execFile } from 'node:child_process'
import { copyFile, mkdir, mkdtemp, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { extname, join } from 'node:path'
import { promisify } from 'node:util'
import { MockActivityEnvironment } from '@temporalio/testing'
import { DefaultLogger } from '@temporalio/worker'
import { pino } from 'pino'
import { createIndexSource } from '../../activities/index-source.ts'
import { createPackageMedia } from '../../activities/package.ts'
import { createPlan } from '../../activities/plan.ts'
import { createPoster } from '../../activities/poster.ts'
import { createProbe } from '../../activities/probe.ts'
import { createStoryboard } from '../../activities/storyboard.ts'
import { createTranscodeAudio } from '../../activities/transcode-audio.ts'
import { createTranscodeChunk } from '../../activities/transcode-chunk.ts'
import type { StepDeps } from '../../activities/step.ts'
import { parseConfig } from '../../config.ts'
import type { Loudness } from '../../contract/loudness.ts'
import type { StepName } from '../../contract/names.ts'
import type { MediaPlan } from '../../contract/plan.ts'
import type { JobOptions, PresetName } from '../../contract/presets.ts'
import type { ProgressSample } from '../../contract/progress.ts'
import type {
  Probed,
  ProductFile,
  StepRef,
  StoredFile,
  TranscodedAudio,
  TranscodedChunk,
} from '../../contract/steps.ts'
import { readInstalledTools } from '../../scripts/installed-tools.ts'
import { createLocalWorkStore } from '../../storage/local-work-store.ts'
import { createRoom } from '../../storage/room.ts'
import { parseProbeAnswer, type ProbeAnswer } from '../../tools/ffprobe-answer.ts'

const run = promisify(execFile)

/** Everything one source became, with absolute paths to look into. */
export interface Made {
  probed: Probed
  plan: MediaPlan
  loudness: Loudness | null
  products: ProductFile[]
  pathOf(product: string): string
  probe(product: string): Promise<ProbeAnswer>
}

interface Wanted {
  preset: PresetName
  options: JobOptions
  title: string
  thumbnails: boolean
}

/** A source and what is to be made of it. */
export interface Planned {
  jobId: string
  file: StoredFile
  plan: MediaPlan
}

/** The media steps on a store of their own, as the ingest workflow calls them. */
export const createMediaLine = async (settings: Record<string, string> = {}) => {
  const dataDir = await mkdtemp(join(tmpdir(), 'sluice-media-'))
  const config = parseConfig({ ...settings, SLUICE_DATA: dataDir }, readInstalledTools())
  const store = createLocalWorkStore(dataDir)
  const samples: ProgressSample[] = []
  const deps: StepDeps = {
    config,
    store,
    room: createRoom(config),
    bus: {
      publish: (message) => {
        if (message.type === 'progress') samples.push(message.sample)
      },
      close: async () => {},
    },
    wishes: { onWish: () => () => {} },
    metrics: { stepEnded: () => {} },
    log: pino({ level: 'silent' }),
  }
  const media = {
    probe: createProbe(deps),
    plan: createPlan(deps),
    indexSource: createIndexSource(deps),
    transcodeChunk: createTranscodeChunk(deps),
    transcodeAudio: createTranscodeAudio(deps),
    packageMedia: createPackageMedia(deps),
    poster: createPoster(deps),
    storyboard: createStoryboard(deps),
  }
  const environments = new Set<MockActivityEnvironment>()
  let jobs = 0

  const act = async <I, O>(activity: (input: I) => Promise<O>, input: I): Promise<O> => {
    const environment = new MockActivityEnvironment({}, { logger: new DefaultLogger('ERROR', () => {}) })
    environments.add(environment)
    try {
      return (await environment.run(activity, input)) as O
    } finally {
      environments.delete(environment)
    }
  }

  const ref = (jobId: string, step: StepName, part: string | null = null): StepRef => {
    return { jobId, run: 1, step, part, share: 1, attemptBase: 0 }
  }

  /** Makes a source by ffmpeg, of its arguments but for the name. @returns its path. */
  const source = async (name: string, ...args: string[]): Promise<string> => {
    const path = join(dataDir, name)
    await run(config.tools.ffmpeg, ['-v', 'error', '-y', ...args, path])
    return path
  }

  /** Takes a file into the store as the download step would. */
  const take = async (path: string): Promise<{ jobId: string; file: StoredFile }> => {
    jobs += 1
    const jobId = `job-${jobs}`
    await mkdir(join(dataDir, 'incoming'), { recursive: true })
    const copy = join(dataDir, 'incoming', `${jobId}${extname(path)}`)
    await copyFile(path, copy)
    return { jobId, file: await store.commit(copy, `${jobId}/source${extname(path)}`) }
  }

  const probeSource = async (path: string, preset: PresetName = 'web') => {
    const { jobId, file } = await take(path)
    return { jobId, file, probed: await act(media.probe, { ref: ref(jobId, 'probe'), file, preset }) }
  }

  const planSource = async (path: string, preset: PresetName, options: JobOptions = {}) => {
    const { jobId, file, probed } = await probeSource(path, preset)
    const plan = await act(media.plan, { ref: ref(jobId, 'plan'), file, probed, preset, options })
    return { jobId, file, probed, plan }
  }

  /** The picture in its chunks, as the workflow has them made. */
  const encodeChunks = async ({ jobId, file, plan }: Planned): Promise<TranscodedChunk[]> => {
    if (plan.video.mode !== 'encode') return []
    const copyRef = ref(jobId, 'transcode', 'copy')
    const copy = plan.video.fromCopy ? await act(media.indexSource, { ref: copyRef, file, plan }) : undefined
    const chunks: TranscodedChunk[] = []
    for (const chunk of plan.video.chunkStarts.keys()) {
      const input = { ref: ref(jobId, 'transcode', `${chunk}`), file, plan, chunk, copy }
      chunks.push(await act(media.transcodeChunk, input))
    }
    return chunks
  }

  /** The sound tracks that are encoded; null for those that are copied. */
  const encodeSounds = async ({ jobId, file, plan }: Planned): Promise<(TranscodedAudio | null)[]> => {
    const made: (TranscodedAudio | null)[] = []
    for (const [sound, { mode, name }] of plan.sounds.entries()) {
      const input = { ref: ref(jobId, 'transcode', name), file, plan, sound }
      made.push(mode === 'encode' ? await act(media.transcodeAudio, input) : null)
    }
    return made
  }

  /** What is delivered of a source, without thumbnails. */
  const deliver = (path: string, preset: PresetName, options: JobOptions = {}): Promise<Made> =>
    produce(path, { preset, options, title: 'A clip', thumbnails: false })

  const make = (path: string, preset: PresetName, options: JobOptions = {}, title = 'A clip'): Promise<Made> =>
    produce(path, { preset, options, title, thumbnails: true })

  const produce = async (path: string, wanted: Wanted): Promise<Made> => {
    const { preset, options, title, thumbnails } = wanted
    const { jobId, file, probed, plan } = await planSource(path, preset, options)
    const chunks = await encodeChunks({ jobId, file, plan })
    const sounds = await encodeSounds({ jobId, file, plan })
    const files = sounds.map((sound) => sound?.file ?? null)
    const packaging = { ref: ref(jobId, 'package'), file, plan, chunks, sounds: files, title }
    const packaged = await act(media.packageMedia, packaging)
    const products = [...packaged.files]
    if (thumbnails) {
      const poster = await act(media.poster, { ref: ref(jobId, 'thumbnail', 'poster'), file, plan, title })
      const storyboardInput = { ref: ref(jobId, 'thumbnail', 'storyboard'), file, plan, chunks }
      const storyboard = await act(media.storyboard, storyboardInput)
      products.push(...poster.files, ...storyboard.files)
    }
    const pathOf = (name: string): string => {
      const product = products.find((candidate) => candidate.path === name)
      if (!product) throw new Error(`no product ${name} among ${products.map((each) => each.path).join(', ')}`)
      return join(dataDir, 'work', ...product.key.split('/'))
    }
    for (const product of products) {
      const { size } = await stat(pathOf(product.path))
      if (size !== product.sizeBytes) throw new Error(`${product.path} has ${size}, not ${product.sizeBytes} bytes`)
    }
    return {
      probed,
      plan,
      loudness: sounds[0]?.loudness ?? null,
      products,
      pathOf,
      probe: (name) => ffprobe(config.tools.ffprobe, pathOf(name)),
    }
  }

  return {
    dataDir,
    config,
    deps,
    media,
    samples,
    ref,
    source,
    take,
    act,
    probeSource,
    planSource,
    encodeChunks,
    encodeSounds,
    deliver,
    make,
    cancelAll: () => {
      for (const environment of environments) environment.cancel()
    },
    close: () => rm(dataDir, { recursive: true, force: true }),
  }
}
export type MediaLine = Awaited<ReturnType<typeof createMediaLine>>

/** What an independent reader says of a file. */
export const ffprobe = async (program: string, path: string): Promise<ProbeAnswer> => {
  const { stdout } = await run(program, ['-v', 'error', '-of', 'json', '-show_format', '-show_streams', path])
  return parseProbeAnswer(JSON.parse(stdout))
}
