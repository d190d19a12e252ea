import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'

/** Kernel ticks a second, 100 nearly everywhere. */
const ticksPerSecond = (): number => Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }))

/**
 * CPU-seconds that these processes and their ended children have used, user and system together, from `/proc/<pid>/stat`
 * (proc(5), fields 14–17). Linux only.
 */
export const cpuSeconds = (pids: readonly number[]): number =>
  pids.reduce((sum, pid) => sum + ticksOf(pid), 0) / ticksPerSecond()

const ticksOf = (pid: number): number => {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  // The name may hold spaces; the fields after it begin with the third.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return fields.slice(11, 15).reduce((sum, ticks) => sum + Number(ticks), 0)
}

export interface Cost {
  cpuS: number
  wallS: number
}

/** What `work` costs: its wall time, and the CPU time of the processes it runs in. */
export const costOf = async (pids: readonly number[], work: () => Promise<unknown>): Promise<Cost> => {
  const cpu = cpuSeconds(pids)
  const startedAt = performance.now()
  await work()
  return { wallS: (performance.now() - startedAt) / 1_000, cpuS: cpuSeconds(pids) - cpu }
}
