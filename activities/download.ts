import { readFile, rename, stat, writeFile } from 'node:fs/promises'
import { extname, join } from 'node:path'
import { SluiceError } from '../contract/failures.ts'
import type { Downloaded, DownloadInput, Resolved } from '../contract/steps.ts'
import { openImport, takeImport } from '../tools/source-file.ts'
import { extensionOf } from '../tools/source-type.ts'
import { createDownloadRoom } from './download-room.ts'
import { fetchUrl } from './download-url.ts'
import { refuseTooLarge } from './size-limit.ts'
import type { SourceDeps } from './source-deps.ts'
import { runStep, type StepRun } from './step.ts'

export type { SourceDeps } from './source-deps.ts'

/**
 * Fetches the media of a resolved source into one file under `<jobId>/source.<ext>`.
 * Fails with LimitExceeded above the job's size limit, DiskFull where it has to wait for room, UnsupportedMedia for an empty file, and the types of source failures.
 */
export const createDownload =
  (deps: SourceDeps) =>
  (input: DownloadInput): Promise<Downloaded> =>
    runStep(deps, input.ref, async (run) => {
      const finished = await findFinished(deps, input)
      if (finished) return finished
      const room = createDownloadRoom(run, input)
      await room.begin()
      const path =
        input.source.file === null ? await fetchUrl(deps, run, { ...input, room }) : await takeFile(deps, run, input)
      const { size } = await stat(path)
      if (size === 0) throw new SluiceError('UnsupportedMedia', 'The file is empty.')
      refuseTooLarge(size, input.options.maxSizeBytes)
      return keep(deps, run, input, path)
    })

const takeFile = async (
  deps: SourceDeps,
  run: StepRun,
  { source, resolved, options }: DownloadInput,
): Promise<string> => {
  const file = await openImport(deps.config.importDir, source.file ?? '')
  if (file.stamp !== resolved.stamp) {
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

/** The file's extension is only known once it is there, so a note beside it says which it was, and of what. */
const noteKeyOf = (jobId: string): string => `${jobId}/source.json`

interface Note extends Downloaded {
  source: SourceMark
}

/** What was downloaded, and in which run of the job. */
interface SourceMark extends Pick<Resolved, 'sourceKey' | 'stamp'> {
  run: number
}

const markOf = ({ ref, resolved: { sourceKey, stamp } }: DownloadInput): SourceMark => ({
  run: ref.run,
  sourceKey,
  stamp,
})

const findFinished = async (deps: SourceDeps, input: DownloadInput): Promise<Downloaded | null> => {
  const noteKey = noteKeyOf(input.ref.jobId)
  if ((await deps.store.find(noteKey)) === null) return null
  const { source, ...noted } = JSON.parse(await readFile(await deps.store.read(noteKey), 'utf8')) as Note
  if (!isOfSame(source, markOf(input))) return null
  const found = await deps.store.find(noted.file.key)
  return found?.sizeBytes === noted.file.sizeBytes ? noted : null
}

/** Of a source of which nothing tells whether it changed, what an earlier run took is not taken again. */
const isOfSame = (noted: SourceMark, wanted: SourceMark): boolean =>
  noted.sourceKey === wanted.sourceKey &&
  noted.stamp === wanted.stamp &&
  (noted.stamp !== null || noted.run === wanted.run)

const keep = async (deps: SourceDeps, run: StepRun, input: DownloadInput, path: string): Promise<Downloaded> => {
  const { jobId } = input.ref
  const extension = await extensionOf(path)
  const named = join(run.scratchDir, `source.${extension}`)
  await rename(path, named)
  const file = await deps.store.commit(named, `${jobId}/source.${extension}`)
  const downloaded: Downloaded = { file, extension }
  const note = join(run.scratchDir, 'source.json')
  await writeFile(note, JSON.stringify({ ...downloaded, source: markOf(input) } satisfies Note))
  await deps.store.commit(note, noteKeyOf(jobId))
  return downloaded
}
