import { SluiceError } from '../contract/failures.ts'
import { parseSourceUrl } from '../contract/source-url.ts'
import type { Resolved, ResolveInput } from '../contract/steps.ts'
import { hashFile } from '../tools/hash-file.ts'
import { openImport } from '../tools/source-file.ts'
import { extractAndKeep, readKeptInfo, resolvedOf } from './resolved-info.ts'
import type { SourceDeps } from './source-deps.ts'
import { runStep, type StepRun } from './step.ts'

/**
 * Finds out what a source is, without fetching its media.
 * Fails with InvalidRequest where it is no address or no file of the import folder, with UnsupportedMedia for playlists, live
 * streams and pages without media, and with the other types of source failures.
 */
export const createResolve =
  (deps: SourceDeps) =>
  (input: ResolveInput): Promise<Resolved> =>
    runStep(deps, input.ref, async (run) => {
      const { url, file } = input.source
      if (file !== null) return resolveFile(deps, run, file)
      if (url === null) throw new SluiceError('InvalidRequest', 'There is neither an address nor a file.')
      // Before any program sees it.
      const source = parseSourceUrl(url)
      const kept =
        (await readKeptInfo(deps, input.ref, Date.now())) ??
        (await extractAndKeep(deps, run, { ...input, url: source.url }))
      return resolvedOf(input.ref, source.url, kept.info)
    })

const resolveFile = async (deps: SourceDeps, run: StepRun, file: string): Promise<Resolved> => {
  const source = await openImport(deps.config.importDir, file)
  const total = source.sizeBytes
  const identity = await hashFile(source.path, {
    signal: run.signal,
    onBytes: (done) =>
      run.report({ unit: 'bytes', done, total, percent: (100 * done) / total, rate: null, etaMs: null }),
  })
  // The same bytes have the same name in the library, from wherever they were imported.
  const id = identity.slice(0, 8)
  return {
    infoKey: null,
    sourceKey: `file:${identity}`,
    title: source.title || id,
    extractor: 'file',
    id,
    stamp: source.stamp,
    uploader: null,
    site: null,
    webpageUrl: null,
    durationMs: null,
    sizeBytes: total,
  }
}
