import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { Catalog } from '../catalog/catalog.ts'
import type { MediaFileRow } from '../catalog/media.ts'
import type { MediaPlan } from '../contract/plan.ts'
import { settingsKeyOf } from '../contract/settings-key.ts'
import type { ProductFile, Published, PublishInput } from '../contract/steps.ts'
import { CHECKSUMS_FILE, MANIFEST_FILE, writeChecksums, writeManifest, type Library } from '../storage/library.ts'
import { libraryName, numberedName } from '../storage/library-name.ts'
import { notePublishing } from '../storage/publishing-note.ts'
import { hashFile } from '../tools/hash-file.ts'
import { rungsOf } from './rungs.ts'
import { runStep, type StepDeps, type StepRun } from './step.ts'

export interface PublishDeps extends StepDeps {
  catalog: Pick<Catalog, 'media' | 'jobs'>
  library: Library
  /** Versions of the programs that made the media, for its manifest. */
  toolVersions: Promise<Record<string, string>>
}

interface HashedProduct extends ProductFile {
  sha256: string
}

/** Past so many media of one name something else is wrong. */
const MOST_NAMES = 100

/** Files the products under a readable name, with checksums and a manifest, and then tells the catalog. */
export const createPublish =
  (deps: PublishDeps) =>
  (input: PublishInput): Promise<Published> =>
    runStep(deps, input.ref, async (run) => {
      const before = await publishedBefore(deps, input.mediaId)
      if (before) return before
      const products = await hashProducts(deps, run, input.products)
      const main = products.find((product) => product.role === 'main') ?? null
      const mainExtension = main ? input.plan.extension : null
      const base = await reserveName(deps, input, mainExtension)
      await notePublishing(deps, run.scratchDir, {
        jobId: input.job.jobId,
        mediaId: input.mediaId,
        base,
        mainExtension,
      })
      const staging = await deps.library.openStaging(input.mediaId, run.attempt)
      run.watchFolder(staging)
      try {
        for (const product of products) {
          const from = await deps.store.read(product.key)
          await deps.library.stage(staging, { from, path: product.path }, run.signal)
        }
        const locate = locator(base, main, mainExtension)
        await writeChecksums(
          staging,
          products.map((product) => ({ path: locate(product).fromFolder, sha256: product.sha256 })),
        )
        await writeManifest(staging, manifestOf(await deps.toolVersions, input, products))
        run.signal.throwIfAborted()
        if (await isToBeCancelled(deps, input)) run.stopAsCancelled()
        await deps.library.reveal(staging, { base, mediaId: input.mediaId, main: main?.path ?? null, mainExtension })
        // As they lie there: an attempt before this one may have revealed its own.
        const written = await describeWritten(deps.library.pathOf(base), base, run)

        const files = [...products.map((product) => fileRow(product, locate(product).inLibrary)), ...written]
        const sizeBytes = files.reduce((sum, file) => sum + file.sizeBytes, 0)
        const libraryPath = locate(main ?? products.find((product) => product.role === 'hls') ?? products[0]).inLibrary
        await deps.catalog.media.insert({ ...describeMedia(input), libraryPath, sizeBytes, files })
        return { mediaId: input.mediaId, libraryPath, sizeBytes }
      } finally {
        await deps.library.discard(staging)
      }
    })

/**
 * What the catalog lists and the library holds stays as it is. A job comes here again that Temporal knows an earlier state of: it was
 * restored, or somebody has reset the workflow.
 */
const publishedBefore = async ({ catalog, library }: PublishDeps, mediaId: string): Promise<Published | null> => {
  const media = await catalog.media.get(mediaId)
  if (media === null) return null
  for (const { libraryPath, sizeBytes } of media.files) {
    const found = await stat(library.pathOf(libraryPath)).catch(() => null)
    if (found?.size !== sizeBytes) return null
  }
  const { libraryPath, sizeBytes } = media
  return { mediaId, libraryPath, sizeBytes }
}

/**
 * What the row says and the workflow may not know: a cancellation that was accepted while Temporal was away is carried to it when it
 * is back, and the job may have come here sooner. From here on one comes too late.
 */
const isToBeCancelled = async ({ catalog }: PublishDeps, { ref }: PublishInput): Promise<boolean> => {
  const job = await catalog.jobs.get(ref.jobId)
  return job !== null && job.run === ref.run && job.cancelRequested
}

const hashProducts = async (deps: PublishDeps, run: StepRun, products: ProductFile[]): Promise<HashedProduct[]> => {
  const total = products.reduce((sum, product) => sum + product.sizeBytes, 0)
  const hashed: HashedProduct[] = []
  let done = 0
  for (const product of products) {
    const path = await deps.store.read(product.key)
    hashed.push({ ...product, sha256: await hashFile(path, { signal: run.signal, onBytes: run.alive }) })
    done += product.sizeBytes
    const percent = total === 0 ? null : (done / total) * 100
    run.report({ percent, done, total, unit: 'bytes', rate: null, etaMs: null })
  }
  return hashed
}

/** The first name that neither the catalog nor the disk has given to something else. */
const reserveName = async (
  { catalog, library }: PublishDeps,
  { mediaId, job, resolved }: PublishInput,
  mainExtension: string | null,
): Promise<string> => {
  const name = libraryName(resolved)
  let first = 1
  while (first < MOST_NAMES && !(await library.isFree(numberedName(name, job.preset, first), mainExtension, mediaId))) {
    first += 1
  }
  return catalog.media.reserveLibraryPath(mediaId, (attempt) => numberedName(name, job.preset, first + attempt - 1))
}

/** Where a product ends up: the main file beside the folder, under the folder's name; everything else in the folder. */
const locator =
  (base: string, main: ProductFile | null, mainExtension: string | null) => (product: ProductFile | undefined) => {
    const folderName = base.slice(base.lastIndexOf('/') + 1)
    if (product === undefined || product === main) {
      return { inLibrary: `${base}.${mainExtension}`, fromFolder: `../${folderName}.${mainExtension}` }
    }
    return { inLibrary: `${base}/${product.path}`, fromFolder: product.path }
  }

const fileRow = (product: HashedProduct, libraryPath: string): MediaFileRow => ({
  path: product.path,
  libraryPath,
  role: product.role,
  contentType: product.contentType,
  sizeBytes: product.sizeBytes,
  sha256: product.sha256,
  width: product.width,
  height: product.height,
})

const describeWritten = async (folder: string, base: string, run: StepRun): Promise<MediaFileRow[]> => {
  const describe = async (path: string, role: 'manifest' | 'checksums', contentType: string): Promise<MediaFileRow> => {
    const sha256 = role === 'manifest' ? await hashFile(join(folder, path), run) : null
    const { size } = await stat(join(folder, path))
    return {
      path,
      libraryPath: `${base}/${path}`,
      role,
      contentType,
      sizeBytes: size,
      sha256,
      width: null,
      height: null,
    }
  }
  return Promise.all([
    describe(MANIFEST_FILE, 'manifest', 'application/json'),
    describe(CHECKSUMS_FILE, 'checksums', 'text/plain; charset=utf-8'),
  ])
}

const describeMedia = ({ mediaId, job, resolved, probed, plan, loudness }: PublishInput) => ({
  id: mediaId,
  jobId: job.jobId,
  owner: job.owner,
  title: resolved.title,
  uploader: resolved.uploader,
  site: resolved.site,
  sourceUrl: resolved.webpageUrl ?? job.url,
  sourceId: resolved.id,
  sourceKey: resolved.sourceKey,
  preset: job.preset,
  settingsKey: settingsKeyOf(job.preset, job.options),
  durationMs: plan.durationMs,
  ...pictureSize(plan, probed),
  passthrough: job.passthrough,
  probe: { ...probed.summary, loudness: describeLoudness(loudness) },
  createdAt: Date.now(),
})

/** As the source is, whatever was made of it. */
const describeLoudness = (loudness: PublishInput['loudness']) =>
  loudness && {
    integratedLufs: loudness.integratedLufs,
    truePeakDbtp: loudness.truePeakDbtp,
    rangeLu: loudness.rangeLu,
  }

/** Displayed size of the largest rendition, or of the source's own picture. */
const pictureSize = (plan: MediaPlan, probed: PublishInput['probed']) => {
  if (plan.video.mode === 'none') return { width: null, height: null }
  if (plan.video.mode === 'encode') {
    const [largest] = rungsOf(plan.video)
    return { width: largest?.width ?? null, height: largest?.height ?? null }
  }
  const stream = probed.summary.streams.find((candidate) => candidate.type === 'video' && !candidate.attachedPicture)
  return { width: stream?.width ?? null, height: stream?.height ?? null }
}

const manifestOf = (tools: Record<string, string>, input: PublishInput, products: HashedProduct[]) => ({
  mediaId: input.mediaId,
  jobId: input.job.jobId,
  title: input.resolved.title,
  uploader: input.resolved.uploader,
  source: {
    url: input.resolved.webpageUrl ?? input.job.url,
    site: input.resolved.site,
    extractor: input.resolved.extractor,
    id: input.resolved.id,
  },
  preset: input.job.preset,
  options: input.job.options,
  durationMs: input.plan.durationMs,
  decisions: [...input.plan.reasons, ...(input.loudness ? [input.loudness.reason] : [])],
  loudness: input.loudness,
  tools,
  createdAt: new Date().toISOString(),
  files: products.map(({ path, role, contentType, sizeBytes, sha256 }) => ({
    path,
    role,
    contentType,
    sizeBytes,
    sha256,
  })),
})
