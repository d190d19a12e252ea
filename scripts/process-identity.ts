import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'

const fromProc = (pid: number): string | null => {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    // The program's name is in brackets and may hold spaces and brackets; the fields after it are numbers. proc_pid_stat(5):
    // state is the first of them, the start time in clock ticks since boot the twentieth.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    if (fields[0] === 'Z') return null
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
    return `${boot} ${fields[19]}`
  } catch {
    // Ended, now or while it was read.
    return null
  }
}

const fromPs = (pid: number): string | null => {
  const { status, stdout } = spawnSync('ps', ['-ww', '-o', 'lstart=,command=', '-p', String(pid)], { encoding: 'utf8' })
  return status === 0 && stdout.trim() !== '' ? stdout.trim() : null
}

/**
 * When a process started: tells it from a later one with the same id. What it runs is added where times are kept in whole
 * seconds; on Linux it would change once more when setpriv has done its part. Null where there is no such process.
 */
export const processIdentity = (pid: number): string | null =>
  existsSync('/proc/self/stat') ? fromProc(pid) : fromPs(pid)
