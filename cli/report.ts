import { join } from 'node:path'
import type { Job } from '../contract/jobs.ts'
import type { ApiAddress, ApiClient } from './api-client.ts'
import { nameOf } from './job-lines.ts'

export interface ReportOptions {
  jobs: readonly Job[]
  client: ApiClient
  address: ApiAddress
  /** Null where the library is on another machine: addresses are printed then. */
  libraryDir: string | null
  out: (line: string) => void
  err: (line: string) => void
}

/** Says what came out of each job, paths on standard output alone. @returns Whether every job succeeded. */
export const reportJobs = async ({ jobs, client, address, libraryDir, out, err }: ReportOptions): Promise<boolean> => {
  for (const job of jobs) {
    if (job.state === 'succeeded' || job.state === 'partial') {
      err(`✓ ${nameOf(job)}${job.result?.reused ? '  (was there already)' : ''}`)
      for (const id of job.result?.mediaIds ?? []) {
        const media = await client.media(id)
        const main = media.files.find(({ role }) => role === 'main' || role === 'hls')
        out(libraryDir === null ? `${address.url}${main?.url ?? job.links.self}` : join(libraryDir, media.libraryPath))
      }
    } else {
      err(`✗ ${nameOf(job)}: ${job.error?.message ?? `The job was ${job.state}.`}`)
      if (job.error) err(`  ${job.error.help}`)
    }
  }
  return jobs.every(({ state }) => state === 'succeeded')
}
