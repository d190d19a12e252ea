import { readdirSync, readFileSync, readlinkSync } from 'node:fs'

export interface OwnProcess {
  pid: number
  command: readonly string[]
}

const read = (path: string): string => {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    // Ended meanwhile, or somebody else's.
    return ''
  }
}

const folderOf = (pid: number): string => {
  try {
    return readlinkSync(`/proc/${pid}/cwd`)
  } catch {
    return ''
  }
}

/** Not Z: a zombie holds nothing, and waits for its parent alone. */
const runs = (pid: number): boolean => {
  const stat = read(`/proc/${pid}/stat`)
  const state = stat.slice(stat.lastIndexOf(')') + 2)[0]
  return state !== undefined && state !== 'Z' && state !== 'X'
}

/**
 * Every process of the instance with this data directory, by proc(5): each has the directory's unique name in its arguments, its
 * environment or its working folder. Never this process, and never one of another instance.
 */
export const ownProcesses = (dataDir: string): OwnProcess[] =>
  readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .map(Number)
    .flatMap((pid) => {
      const arguments_ = read(`/proc/${pid}/cmdline`)
      const isOwn =
        arguments_.includes(dataDir) ||
        read(`/proc/${pid}/environ`).includes(dataDir) ||
        folderOf(pid).startsWith(dataDir)
      return isOwn && runs(pid) ? [{ pid, command: arguments_.split('\0') }] : []
    })
