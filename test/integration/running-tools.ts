import { readdir, readFile } from 'node:fs/promises'
import { setTimeout as wait } from 'node:timers/promises'

/** Programs that work in a data directory. */
const toolProcessesIn = async (dataDir: string): Promise<{ pid: number; command: string }[]> => {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number)
  const processes = await Promise.all(
    pids.map(async (pid) => ({ pid, command: await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '') })),
  )
  return processes.filter(
    ({ command }) => command.includes(`${dataDir}/scratch`) || command.includes(`${dataDir}/work`),
  )
}

/** Command lines of the programs that work in a data directory. */
export const toolsRunningIn = async (dataDir: string): Promise<string[]> =>
  (await toolProcessesIn(dataDir)).map(({ command }) => command)

/** False where it has gone. */
export const signalIfThere = (pid: number, signal: NodeJS.Signals): boolean => {
  try {
    process.kill(pid, signal)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false
    throw error
  }
}

/** Halts those that there are, once there is one, where they are: they end with those who started them. */
export const haltToolsIn = async (dataDir: string): Promise<void> => {
  for (;;) {
    const processes = await toolProcessesIn(dataDir)
    const halted = processes.filter(({ pid }) => signalIfThere(pid, 'SIGSTOP'))
    if (halted.length > 0) return
    // One piece may just have ended, and the next not have begun.
    await wait(20)
  }
}
