import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { INSTANCE_FILE, instanceSchema, type Instance } from '../contract/instance.ts'
import { endGroup } from './end-process.ts'
import { processIdentity } from './process-identity.ts'

/** What a dead supervisor's processes get to end by themselves; Temporal closes its database in well under a second. */
const LEFTOVER_GRACE_MS = 5_000

/** Null where no instance runs, or the file is of another version. */
export const readInstance = (dataDir: string): Instance | null => {
  try {
    return instanceSchema.parse(JSON.parse(readFileSync(join(dataDir, INSTANCE_FILE), 'utf8')))
  } catch {
    // Missing, half-written by a version that wrote in place, or of another shape: as good as not there.
    return null
  }
}

export const writeInstance = (dataDir: string, instance: Instance): void => {
  const path = join(dataDir, INSTANCE_FILE)
  const draft = `${path}.${process.pid}`
  writeFileSync(draft, `${JSON.stringify(instance, null, 2)}\n`, { mode: 0o600 })
  renameSync(draft, path)
}

export const removeInstance = (dataDir: string): void => rmSync(join(dataDir, INSTANCE_FILE), { force: true })

/**
 * Ends what a supervisor that was killed has left running: two Temporal servers open one database file without complaint.
 * Only for the holder of the lock. Returns the names of what was ended.
 */
export const endLeftovers = async (dataDir: string): Promise<string[]> => {
  const processes = readInstance(dataDir)?.processes ?? []
  const alive = processes.filter(({ pid, identity }) => processIdentity(pid) === identity)
  await Promise.all(alive.map(({ pid }) => endGroup(pid, LEFTOVER_GRACE_MS)))
  return alive.map(({ name }) => name)
}
