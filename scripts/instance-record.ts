import type { Instance } from '../contract/instance.ts'
import { removeInstance, writeInstance } from './instance-file.ts'
import { processIdentity } from './process-identity.ts'
import type { SupervisedProcess } from './supervise.ts'

/** The instance file of a running supervisor. */
export interface InstanceRecord {
  /** From now on the file is kept. */
  begin(instance: Omit<Instance, 'processes'>): void
  /** To be called on every change of a process. */
  update: () => void
  /** For good. */
  remove(): void
}

/** How soon a full disk is tried again: until then the file names processes that have gone, which harms nobody. */
const RETRY_MS = 1_000

/** Keeps the instance file true. A disk that takes no more must not take the supervisor down: it is written when there is room. */
export const createInstanceRecord = ({
  dataDir,
  say,
  processes,
}: {
  dataDir: string
  say: (line: string) => void
  processes: readonly Pick<SupervisedProcess, 'name' | 'pid'>[]
}): InstanceRecord => {
  let instance: Omit<Instance, 'processes'> | null = null
  let retry: NodeJS.Timeout | null = null
  let troubled = false
  const update = (): void => {
    if (retry) clearTimeout(retry)
    retry = null
    if (!instance) return
    try {
      writeInstance(dataDir, { ...instance, processes: identified(processes) })
      troubled = false
    } catch (error) {
      if (!troubled) say(`The instance file cannot be written, and is tried again: ${String(error)}`)
      troubled = true
      retry = setTimeout(update, RETRY_MS)
    }
  }
  return {
    begin: (facts) => {
      instance = facts
    },
    update,
    remove: () => {
      instance = null
      if (retry) clearTimeout(retry)
      removeInstance(dataDir)
    },
  }
}

const identified = (processes: readonly Pick<SupervisedProcess, 'name' | 'pid'>[]): Instance['processes'] =>
  processes.flatMap(({ name, pid }) => {
    const id = pid()
    const identity = id === null ? null : processIdentity(id)
    return id === null || identity === null ? [] : [{ name, pid: id, identity }]
  })
