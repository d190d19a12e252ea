import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Connection } from '@temporalio/client'
import { connectDatabase } from '../../catalog/connect.ts'
import type { Config } from '../../config.ts'
import { isEnded, type JobState } from '../../contract/names.ts'
import { filesIn } from '../../storage/files-in.ts'

const list = (dir: string): Promise<string[]> => readdir(dir).catch(() => [])

const ATTEMPTS_END_WITHIN_MS = 15_000
const LOOK_EVERY_MS = 250

/** Folders between the steps that outlive their jobs; attempts that lost theirs get a moment to clean up. */
export const leftFolders = async (dataDir: string): Promise<string[]> => {
  const deadline = Date.now() + ATTEMPTS_END_WITHIN_MS
  for (;;) {
    const found: string[] = []
    for (const folder of ['scratch', 'work', 'library/.incoming']) {
      found.push(...(await list(join(dataDir, folder))).map((name) => `${folder}/${name}`))
    }
    if (found.length === 0 || Date.now() > deadline) return found
    await sleep(LOOK_EVERY_MS)
  }
}

/** Workflows that Temporal takes for running after all jobs have ended. */
export const leftWorkflows = async (address: string): Promise<string[]> => {
  const connection = await Connection.connect({ address })
  try {
    const deadline = Date.now() + ATTEMPTS_END_WITHIN_MS
    for (;;) {
      const { executions } = await connection.workflowService.listWorkflowExecutions({
        namespace: 'default',
        query: 'ExecutionStatus = "Running"',
      })
      if (executions.length === 0 || Date.now() > deadline) {
        return executions.map(({ execution }) => `workflow ${execution?.workflowId}`)
      }
      await sleep(LOOK_EVERY_MS)
    }
  } finally {
    await connection.close()
  }
}

/** Rows of an instance that has stopped: jobs that never end, names that no media has, files of the library that no row has. */
export const leftRows = async (config: Config): Promise<string[]> => {
  const knex = await connectDatabase(config)
  try {
    const jobs = (await knex('jobs').select('id', 'state', 'intent_pending_since')) as {
      id: string
      state: JobState
      intent_pending_since: number | null
    }[]
    const media = new Set<string>(await knex('media').pluck('id'))
    const names = (await knex('library_paths').select('media_id', 'path')) as { media_id: string; path: string }[]
    const known = new Set<string>(await knex('media_files').pluck('library_path'))
    const files = await libraryFiles(config.libraryDir)
    return [
      ...jobs.filter(({ state }) => !isEnded(state)).map(({ id, state }) => `row of job ${id}: ${state}`),
      ...jobs
        .filter((job) => job.intent_pending_since !== null)
        .map(({ id }) => `row of job ${id}: something is wished for`),
      ...names.filter(({ media_id }) => !media.has(media_id)).map(({ path }) => `name without media: ${path}`),
      ...files.filter((file) => !known.has(file)).map((file) => `file without media: ${file}`),
    ]
  } finally {
    await knex.destroy()
  }
}

const libraryFiles = (dir: string): Promise<string[]> => filesIn(dir).catch(() => [])
