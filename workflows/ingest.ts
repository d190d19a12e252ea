import { CancellationScope, isCancellation, uuid4 } from '@temporalio/workflow'
import { summaryText } from '../contract/activity-summary.ts'
import type { MediaPlan } from '../contract/plan.ts'
import type {
  Downloaded,
  JobInput,
  Probed,
  ProductFile,
  Published,
  PublishInput,
  Resolved,
  StoredFile,
  TranscodedChunk,
} from '../contract/steps.ts'
import {
  download,
  findReusable,
  packageMedia,
  plan as planMedia,
  poster,
  probe,
  publish,
  removeWork,
  withdraw,
  resolve,
  storyboard,
} from './activity-proxies.ts'
import { allOrCancel, once } from './branches.ts'
import { runJob, type JobRun } from './job-run.ts'
import { attemptPart, runParts, runStep } from './run-step.ts'
import { startingOver } from './start-over.ts'
import { transcode, type Encoded, type Making } from './transcode.ts'

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
  const published = await publishProducts(run, { resolved, probed, ...made, source: file })
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

/** Encodes and packages; thumbnails are made beside that, the storyboard after the encode where that makes its tiles. */
const produce = async (run: JobRun, making: Making) => {
  const encode = once(() => transcode(run, making))
  const products = await allOrCancel([
    async () => pack(run, making, await encode()),
    () => makeThumbnails(run, making, encode),
  ])
  const { plan, sounds } = await encode()
  return { plan, products: products.flat(), loudness: sounds[0]?.loudness ?? null }
}

const pack = async (
  run: JobRun,
  { file, title }: Making,
  { plan, chunks, sounds }: Encoded,
): Promise<ProductFile[]> => {
  const { files } = await runStep(run, 'package', (ref) =>
    packageMedia.executeWithOptions(run.scheduling(plan.delivery === 'stream' ? 'HLS and DASH' : plan.extension), [
      { ref, file, plan, chunks, sounds: sounds.map((sound) => sound?.file ?? null), title },
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
