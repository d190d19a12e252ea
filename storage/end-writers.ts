import { readdir, readlink } from 'node:fs/promises'

/**
 * Ends the programs that work in a folder, as `/proc/PID/cwd` says (proc(5)): those of an attempt whose process is stopped or cut
 * off, and that would go on writing. Elsewhere than on Linux nothing is ended; what they write is in nobody's way.
 */
export const endWritersIn = async (dir: string): Promise<void> => {
  const pids = (await readdir('/proc').catch(() => [])).filter((name) => /^\d+$/.test(name))
  await Promise.all(
    pids.map(async (pid) => {
      const cwd = await readlink(`/proc/${pid}/cwd`).catch(() => '')
      if (cwd !== dir && !cwd.startsWith(`${dir}/`)) return
      try {
        process.kill(Number(pid), 'SIGKILL')
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
      }
    }),
  )
}
