import { readFile, writeFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join } from 'node:path'
import type { ScratchLease } from './work-store.ts'

/** Of a scratch folder: who holds it. */
export const LEASE_FILE = 'lease.json'

/** A process, on whatever machine. */
export interface ProcessName {
  /** Machine or container whose process ids `pid` belongs to. */
  host: string
  pid: number
  /** Ticks since boot at which that process started: a reused pid is told apart. Null where the system does not say. */
  pidStartedAt: string | null
}

/** A lease as it lies in its scratch folder, with the process that holds it. */
export interface HeldLease extends ScratchLease, ProcessName {}

export const thisProcess = async (): Promise<ProcessName> => ({
  host: hostname(),
  pid: process.pid,
  pidStartedAt: await processStart(process.pid),
})

/** Whether a process has gone for certain: one of another machine that shares the folder can't be seen from here. */
export const isDead = async ({ host, pid, pidStartedAt }: ProcessName): Promise<boolean> => {
  if (host !== hostname()) return false
  try {
    process.kill(pid, 0)
  } catch {
    return true
  }
  return pidStartedAt !== null && pidStartedAt !== (await processStart(pid))
}

/** A task token lets its holder complete the activity, so the file is for nobody else. */
export const writeLease = (dir: string, lease: HeldLease): Promise<void> =>
  writeFile(join(dir, LEASE_FILE), JSON.stringify(lease), { mode: 0o600 })

/** Null where there is none, or not a whole one. */
export const readLease = async (dir: string): Promise<HeldLease | null> => {
  try {
    return JSON.parse(await readFile(join(dir, LEASE_FILE), 'utf8')) as HeldLease
  } catch {
    return null
  }
}

/** Field 22 of /proc/PID/stat (proc(5)); null on systems without it. */
const processStart = async (pid: number): Promise<string | null> => {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => null)
  return (
    text
      ?.slice(text.lastIndexOf(')') + 2)
      .split(' ')
      .at(19) ?? null
  )
}

/** How a worker calls itself towards Temporal: `4711@host/8150423`, as the SDK does, with the start of the process. */
export const identityOf = ({ host, pid, pidStartedAt }: ProcessName): string => `${pid}@${host}/${pidStartedAt ?? ''}`

/** Inverse of {@link identityOf}; null for identities of others. */
export const processOf = (identity: string): ProcessName | null => {
  const [, pid, host, startedAt] = /^(\d+)@(.+)\/(\d*)$/.exec(identity) ?? []
  if (pid === undefined || host === undefined) return null
  return { host, pid: Number(pid), pidStartedAt: startedAt === '' || startedAt === undefined ? null : startedAt }
}
