import { readFile, rename, stat, writeFile } from 'node:fs/promises'
import { extname, join } from 'node:path'
import { SluiceError } from '../contract/failures.ts'
import type { Downloaded, DownloadInput } from '../contract/steps.ts'
import { openImport, takeImport } from '../tools/source-file.ts'
import { extensionOf } from '../tools/source-type.ts'
import { fetchUrl } from './download-url.ts'
import { refuseTooLarge } from './size-limit.ts'
import type { SourceDeps } from './source-deps.ts'
import { runStep, type StepRun } from './step.ts'

export type { SourceDeps } from './source-deps.ts'

/**
 * Fetches the media of a resolved source into one file under `<jobId>/source.<ext>`.
 * Fails with LimitExceeded above the job's size limit, UnsupportedMedia for an empty file, and the types of source failures.
 */
export const createDownload =
  (deps: SourceDeps) =>
  (input: DownloadInput): Promise<Downloaded> =>
    runStep(deps, input.ref, async (run) => {
      const finished = await findFinished(deps, input.ref.jobId)
      if (finished) return finished
      const path = input.source.file === null ? await fetchUrl(deps, run, input) : await takeFile(deps, run, input)
      const { size } = await stat(path)
      if (size === 0) throw new SluiceError('UnsupportedMedia', 'The file is empty.')
      refuseTooLarge(size, input.options.maxSizeBytes)
      return keep(deps, run, { jobId: input.ref.jobId, path })
    })

const takeFile = async (
  deps: SourceDeps,
  run: StepRun,
  { source, resolved, options }: DownloadInput,
): Promise<string> => {
  const file = await openImport(deps.config.importDir, source.file ?? '')
  if (file.stamp !== resolved.fileStamp) {
    throw new SluiceError('SourceUnavailable', 'The file was changed after the job looked at it; retry the job.')
  }
  refuseTooLarge(file.sizeBytes, options.maxSizeBytes)
  const target = join(run.scratchDir, `import${extname(file.path)}`)
  const total = file.sizeBytes
  await takeImport(file, target, {
    signal: run.signal,
    onBytes: (done) =>
      run.report({ unit: 'bytes', done, total, percent: total ? (100 * done) / total : null, rate: null, etaMs: null }),
  })
  return target
}

/** The file's extension is only known once it is there, so a note beside it says which it was. */
const noteKeyOf = (jobId: string): string => `${jobId}/source.json`

const findFinished = async (deps: SourceDeps, jobId: string): Promise<Downloaded | null> => {
  if ((await deps.store.find(noteKeyOf(jobId))) === null) return null
  const noted = JSON.parse(await readFile(await deps.store.read(noteKeyOf(jobId)), 'utf8')) as Downloaded
  const found = await deps.store.find(noted.file.key)
  return found?.sizeBytes === noted.file.sizeBytes ? noted : null
}

const keep = async (
  deps: SourceDeps,
  run: StepRun,
  { jobId, path }: { jobId: string; path: string },
): Promise<Downloaded> => {
  const extension = await extensionOf(path)
  const named = join(run.scratchDir, `source.${extension}`)
  await rename(path, named)
  const file = await deps.store.commit(named, `${jobId}/source.${extension}`)
  const downloaded: Downloaded = { file, extension }
  const note = join(run.scratchDir, 'source.json')
  await writeFile(note, JSON.stringify(downloaded))
  await deps.store.commit(note, noteKeyOf(jobId))
  return downloaded
}
