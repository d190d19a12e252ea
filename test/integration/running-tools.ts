import { readdir, readFile } from 'node:fs/promises'

/** Command lines of the programs that work in a data directory. */
export const toolsRunningIn = async (dataDir: string): Promise<string[]> => {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name))
  const commands = await Promise.all(pids.map((pid) => readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')))
  return commands.filter((command) => command.includes(`${dataDir}/scratch`) || command.includes(`${dataDir}/work`))
}
