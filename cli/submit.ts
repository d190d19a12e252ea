import { stat } from 'node:fs/promises'
import { resolve } from 'node:path'
import { MAX_JOBS_PER_REQUEST } from '../contract/jobs.ts'
import type { ApiAddress, ApiClient, JobRequest } from './api-client.ts'
import type { SubmitOptions } from './arguments.ts'
import { CliError } from './cli-error.ts'
import type { Display } from './display.ts'
import { linkIntoImport, type ImportLink } from './import-link.ts'
import { reportJobs } from './report.ts'
import { writeLinesTo } from './terminal.ts'
import { watchJobs } from './watch-jobs.ts'

export interface Submission {
  address: ApiAddress
  client: ApiClient
  /** Addresses and paths of files, mixed. */
  sources: readonly string[]
  wanted: SubmitOptions
  /** Null where the server is on another machine, which has only addresses then. */
  folders: { libraryDir: string; importDir: string } | null
  signal: AbortSignal
  out: (line: string) => void
  stream: NodeJS.WriteStream
  onDisplay?: (display: Display | null) => void
}

const isAddress = (source: string): boolean => /^[a-z][a-z\d+.-]*:/i.test(source)

const isFile = async (path: string): Promise<boolean> => {
  const stats = await stat(path).catch(() => null)
  return stats?.isFile() ?? false
}

interface Prepared {
  request: JobRequest
  link: ImportLink | null
}

/** @throws CliError where one is neither an address nor a file. */
export const checkSources = async (sources: readonly string[]): Promise<void> => {
  if (sources.length > MAX_JOBS_PER_REQUEST) throw new CliError(`At most ${MAX_JOBS_PER_REQUEST} sources at once.`)
  for (const source of sources) {
    if (isAddress(source) || (await isFile(source))) continue
    throw new CliError(`“${source}” is neither an address, as in https://…, nor a file.`)
  }
}

const prepare = async (source: string, { wanted, folders }: Submission): Promise<Prepared> => {
  const request = { preset: wanted.preset, force: wanted.force, options: wanted.options }
  if (await isFile(source)) {
    if (!folders) throw new CliError('Files can be given to a Sluice on this machine only.')
    const link = await linkIntoImport(folders.importDir, resolve(source))
    return { request: { ...request, file: link.file }, link }
  }
  return { request: { ...request, url: source }, link: null }
}

/**
 * Submits sources, shows their progress to the end, says what came out.
 * @returns Whether all succeeded. @throws CliError; `signal.reason` when aborted.
 */
export const submitAndWatch = async (submission: Submission): Promise<boolean> => {
  const { address, client, sources, signal, stream, out, folders, onDisplay } = submission
  await checkSources(sources)
  const err = writeLinesTo(stream)
  const prepared: Prepared[] = []
  let goesOn = false
  try {
    for (const source of sources) prepared.push(await prepare(source, submission))
    const answers = await client.submit(prepared.map(({ request }) => request))
    answers.forEach((answer, index) => {
      if (!('error' in answer)) return
      err(`✗ ${sources[index]}: ${answer.error.message}`)
      if (answer.error.help) err(`  ${answer.error.help}`)
    })
    const ids = [...new Set(answers.flatMap((answer) => ('job' in answer ? [answer.job.id] : [])))]
    if (ids.length === 0) return false
    goesOn = true
    const options = { address, client, ids, stream, signal, ...(onDisplay ? { onDisplay } : {}) }
    const jobs = await watchJobs(options)
    goesOn = false
    const libraryDir = folders?.libraryDir ?? null
    const succeeded = await reportJobs({ jobs, client, address, libraryDir, out, err })
    return succeeded && jobs.length === ids.length && answers.every((answer) => 'job' in answer)
  } finally {
    // A job that goes on without us still needs its file.
    if (!goesOn) for (const { link } of prepared) await link?.remove()
  }
}
