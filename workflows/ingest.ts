import { CancellationScope, isCancellation, uuid4 } from '@temporalio/workflow'
import { summaryText } from '../contract/activity-summary.ts'
import type { MediaPlan, VideoEncode } from '../contract/plan.ts'
import type {
  Downloaded,
  JobInput,
  Probed,
  ProductFile,
  Published,
  PublishInput,
  Resolved,
  StoredFile,
  TranscodedAudio,
  TranscodedChunk,
} from '../contract/steps.ts'
import {
  download,
  findReusable,
  indexSource,
  packageMedia,
  plan as planMedia,
  poster,
  probe,
  publish,
  removeWork,
  withdraw,
  resolve,
  storyboard,
  transcodeAudio,
  transcodeChunk,
} from './activity-proxies.ts'
import { allOrCancel, inLanes, once } from './branches.ts'
import { failureOf, runJob, type JobRun } from './job-run.ts'
import { attemptPart, runParts, runStep } from './run-step.ts'
import { startingOver } from './start-over.ts'

/** Guesses in CPU-milliseconds for a short clip; the plan replaces those it knows better. */
const FIRST_WEIGHTS = {
  resolve: 1_200,
  download: 3_000,
  probe: 100,
  plan: 50,
  transcode: 12_000,
  package: 500,
  thumbnail: 1_000,
  publish: 200,
} as const

/** One source in, published media out. */
export const ingest = (input: JobInput): Promise<{ mediaIds: string[]; reused: boolean }> =>
  runJob(input, FIRST_WEIGHTS, async (run) => {
    const { jobId } = input
    const tidy = async (call: typeof removeWork): Promise<void> => {
      if (!run.isDisowned()) await run.locally(() => CancellationScope.nonCancellable(() => call({ jobId })))
    }
    try {
      const result = await startingOver(run, () => make(run))
      await tidy(removeWork)
      return result
    } catch (error) {
      const cancelled = isCancellation(error) || CancellationScope.current().consideredCancelled
      // After a failure it stays for a while: a retry takes what is finished.
      await tidy(cancelled ? removeWork : withdraw)
      throw error
    }
  })

const make = async (run: JobRun): Promise<{ mediaIds: string[]; reused: boolean }> => {
  const { input } = run
  const resolved = await resolveSource(run)
  const { sourceKey } = resolved
  const mediaIds = input.force ? [] : await run.locally(() => findReusable({ input, sourceKey }))
  if (mediaIds.length > 0) {
    run.skipRest()
    return { mediaIds, reused: true }
  }
  const { file } = await downloadSource(run, resolved)
  const probed = await probeSource(run, file)
  const plan = await decide(run, file, probed)
  const made = await produce(run, { file, plan, title: resolved.title })
  const published = await publishProducts(run, { resolved, probed, plan, ...made, source: file })
  return { mediaIds: [published.mediaId], reused: false }
}

const resolveSource = async (run: JobRun): Promise<Resolved> => {
  const { source, preset, options } = run.input
  const resolved = await runStep(run, 'resolve', (ref) =>
    resolve.executeWithOptions(run.scheduling(summaryText(source.file ?? 'what is at the address')), [
      { ref, source, preset, options },
    ]),
  )
  run.setSource({ title: resolved.title, site: resolved.site })
  return resolved
}

const downloadSource = (run: JobRun, resolved: Resolved): Promise<Downloaded> => {
  const { source, preset, options } = run.input
  return runStep(run, 'download', (ref) =>
    download.executeWithOptions(run.scheduling(summaryText(resolved.title)), [
      { ref, source, resolved, preset, options },
    ]),
  )
}

const probeSource = (run: JobRun, file: StoredFile): Promise<Probed> =>
  runStep(run, 'probe', (ref) =>
    probe.executeWithOptions(run.scheduling('streams of the source'), [{ ref, file, preset: run.input.preset }]),
  )

const decide = async (run: JobRun, file: StoredFile, probed: Probed): Promise<MediaPlan> => {
  const { preset, options } = run.input
  const plan = await runStep(run, 'plan', (ref) =>
    planMedia.executeWithOptions(run.scheduling(`what to make for "${preset}"`), [
      { ref, file, probed, preset, options },
    ]),
  )
  run.setWeights(plan.weights)
  return plan
}

interface Making {
  file: StoredFile
  plan: MediaPlan
  title: string
}

/** Encodes and packages; thumbnails are made beside that, the storyboard after the encode where that makes its tiles. */
const produce = async (run: JobRun, making: Making) => {
  const encode = once(() => transcode(run, making))
  const products = await allOrCancel([
    async () => pack(run, making, await encode()),
    () => makeThumbnails(run, making, encode),
  ])
  return { products: products.flat(), loudness: (await encode()).audio?.loudness ?? null }
}

interface Encoded {
  chunks: TranscodedChunk[]
  audio: TranscodedAudio | null
}

/** Chunks that wait for a slot of a worker or have one: enough for a few workers, and room for other jobs between them. */
const CHUNKS_AT_ONCE = 4

const transcode = async (run: JobRun, { file, plan }: Making): Promise<Encoded> => {
  const video = plan.video.mode === 'encode' ? plan.video : null
  const audio = plan.audio.mode === 'encode' ? plan.audio : null
  if (!video && !audio) {
    run.setStep('transcode', { state: 'skipped' })
    return { chunks: [], audio: null }
  }
  const audioShare = audio ? (video ? 0.1 : 1) : 0
  const share = 1 - audioShare
  const encodeAudio = (codec: string): Promise<TranscodedAudio> =>
    attemptPart(run, 'transcode', { name: 'audio', share: audioShare }, (ref) =>
      transcodeAudio.executeWithOptions(run.scheduling(`audio as ${codec}`), [{ ref, file, plan }]),
    )
  return runParts(run, 'transcode', async () => {
    const made: Encoded = { chunks: [], audio: null }
    await allOrCancel([
      async () => {
        if (video) made.chunks = await encodeVideo(run, { file, plan, video, share })
      },
      async () => {
        if (audio) made.audio = await encodeAudio(audio.codec)
      },
    ])
    return made
  })
}

interface Picture {
  file: StoredFile
  plan: MediaPlan
  video: VideoEncode
  /** Of the step's work, 0–1. */
  share: number
}

/** In chunks; in one piece where these turn out not to fit together. */
const encodeVideo = async (run: JobRun, picture: Picture): Promise<TranscodedChunk[]> => {
  try {
    return await encodeChunks(run, picture)
  } catch (error) {
    const { plan, video } = picture
    if (video.chunkStarts.length === 1 || failureOf(error, 'transcode').code !== 'OutputInvalid') throw error
    const whole = { ...video, chunkStarts: [0], fromCopy: false }
    return encodeChunks(run, { ...picture, plan: { ...plan, video: whole }, video: whole })
  }
}

/** Of the encode's work, 0–1: a copy goes at the speed of the disk. */
const COPY_SHARE = 0.02

const encodeChunks = async (run: JobRun, picture: Picture): Promise<TranscodedChunk[]> => {
  const { file, plan, video } = picture
  if (!video.fromCopy) return encodePieces(run, picture)
  const copyShare = picture.share * COPY_SHARE
  const copy = await attemptPart(run, 'transcode', { name: 'copy', share: copyShare }, (ref) =>
    indexSource.executeWithOptions(run.scheduling('a copy with an index, to be cut'), [{ ref, file, plan }]),
  )
  return encodePieces(run, { ...picture, share: picture.share - copyShare }, copy)
}

const encodePieces = (run: JobRun, picture: Picture, copy?: StoredFile): Promise<TranscodedChunk[]> => {
  const { file, plan, video, share } = picture
  const names = video.renditions.map((rendition) => rendition.name).join('+')
  const count = video.chunkStarts.length
  let done = 0
  return inLanes({ lanes: CHUNKS_AT_ONCE, count }, async (chunk) => {
    const part = { name: `${names}/${chunk + 1}`, share: share / count }
    const made = await attemptPart(run, 'transcode', part, (ref) =>
      transcodeChunk.executeWithOptions(run.scheduling(summaryText(`${names} chunk ${chunk + 1}/${count}`)), [
        { ref, file, plan, chunk, ...(copy && { copy }) },
      ]),
    )
    done += 1
    run.setStep('transcode', { percent: Math.round((1_000 * share * done) / count) / 10 })
    return made
  })
}

const pack = async (run: JobRun, { file, plan, title }: Making, { chunks, audio }: Encoded): Promise<ProductFile[]> => {
  const { files } = await runStep(run, 'package', (ref) =>
    packageMedia.executeWithOptions(run.scheduling(plan.delivery === 'stream' ? 'HLS and DASH' : plan.extension), [
      { ref, file, plan, chunks, audio: audio?.file ?? null, title },
    ]),
  )
  return files
}

const makeThumbnails = (run: JobRun, making: Making, encode: () => Promise<Encoded>): Promise<ProductFile[]> => {
  const { file, plan, title } = making
  const withStoryboard = plan.thumbnails.storyboardFrom !== 'none'
  const makePoster = async (): Promise<ProductFile[]> => {
    const part = { name: 'poster', share: withStoryboard ? 0.3 : 1 }
    const { files } = await attemptPart(run, 'thumbnail', part, (ref) =>
      poster.executeWithOptions(run.scheduling('poster from the best frame'), [{ ref, file, plan, title }]),
    )
    return files
  }
  const makeStoryboard = async (): Promise<ProductFile[]> => {
    if (!withStoryboard) return []
    const chunks = plan.thumbnails.storyboardFrom === 'encode' ? await chunksOf(encode) : []
    const { files } = await attemptPart(run, 'thumbnail', { name: 'storyboard', share: 0.7 }, (ref) =>
      storyboard.executeWithOptions(run.scheduling('storyboard'), [{ ref, file, plan, chunks }]),
    )
    return files
  }
  return runParts(run, 'thumbnail', async () => (await allOrCancel([makePoster, makeStoryboard])).flat())
}

/** Where the encode fails, its own branch says so and cancels this one: a thumbnail step must not carry that failure. */
const chunksOf = async (encode: () => Promise<Encoded>): Promise<TranscodedChunk[]> => {
  const { chunks } = await encode().catch(() => CancellationScope.current().cancelRequested)
  return chunks
}

const publishProducts = (run: JobRun, finished: Omit<PublishInput, 'ref' | 'mediaId' | 'job'>): Promise<Published> => {
  const mediaId = uuid4()
  const { jobId, owner, preset, passthrough, options, createdAt, force, source } = run.input
  const job = { jobId, owner, preset, passthrough, options, createdAt, force, url: source.url }
  return runStep(run, 'publish', (ref) =>
    publish.executeWithOptions(run.scheduling('into the library'), [{ ref, mediaId, job, ...finished }]),
  )
}
