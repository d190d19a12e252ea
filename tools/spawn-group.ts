import { readdir, readFile } from 'node:fs/promises'
import { setTimeout as wait } from 'node:timers/promises'

/** A killed process is gone within milliseconds; one in an uninterruptible read of a broken disk may take seconds. */
const GONE_LIMIT_MS = 10_000
const POLL_MS = 20

/** Signals every process of the group. False when none is left. */
export const signalGroup = (groupId: number, signal: NodeJS.Signals | 0): boolean => {
  try {
    process.kill(-groupId, signal)
    return true
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code
    // macOS answers EPERM for a group of zombies.
    if (code === 'ESRCH' || code === 'EPERM') return false
    throw error
  }
}

/**
 * Resolves when no process of the group runs any more. Zombies do not count: where process 1 reaps nobody, as in many
 * containers, they stay for ever.
 * @throws Error when the group outlives its SIGKILL by ten seconds.
 */
export const groupGone = async (groupId: number): Promise<void> => {
  const deadline = performance.now() + GONE_LIMIT_MS
  while (signalGroup(groupId, 0)) {
    if (process.platform === 'linux' && !(await hasLiveMember(groupId))) return
    if (performance.now() > deadline) throw new Error(`process group ${groupId} cannot be ended`)
    await wait(POLL_MS)
  }
}

const hasLiveMember = async (groupId: number): Promise<boolean> => {
  const ids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name))
  const members = await Promise.all(ids.map((id) => isLiveMember(id, groupId)))
  return members.includes(true)
}

/** Reads `/proc/<pid>/stat` (proc(5)): the name may hold spaces and parentheses, so fields count from its last one. */
const isLiveMember = async (id: string, groupId: number): Promise<boolean> => {
  const stat = await readFile(`/proc/${id}/stat`, 'utf8').catch(() => null)
  if (stat === null) return false
  const [state, , group] = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return Number(group) === groupId && state !== 'Z' && state !== 'X'
}
