import { setTimeout as sleep } from 'node:timers/promises'

const LOOK_EVERY_MS = 25

/** Signals a whole process group; false where it has gone, or never was. */
export const signalGroup = (pid: number | null, signal: NodeJS.Signals | 0): boolean => {
  if (pid === null) return false
  try {
    process.kill(-pid, signal)
    return true
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ESRCH') return false
    // macOS says so of a group that only has zombies left.
    if (error instanceof Error && 'code' in error && error.code === 'EPERM') return false
    throw error
  }
}

/** Asks a process group to end, makes it after `graceMs`, and returns when it is gone. */
export const endGroup = async (pid: number | null, graceMs: number): Promise<void> => {
  if (!signalGroup(pid, 'SIGTERM')) return
  const deadline = performance.now() + graceMs
  while (signalGroup(pid, 0)) {
    if (performance.now() >= deadline) signalGroup(pid, 'SIGKILL')
    await sleep(LOOK_EVERY_MS)
  }
}
