import { readdir, readFile } from 'node:fs/promises'

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

/** Halts them where they are: they end with those who started them. Returns how many. */
export const haltToolsIn = async (dataDir: string): Promise<number> => {
  const processes = await toolProcessesIn(dataDir)
  for (const { pid } of processes) process.kill(pid, 'SIGSTOP')
  return processes.length
}
