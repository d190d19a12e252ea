import { SluiceError } from '../contract/failures.ts'
import { diskSpace } from './disk-usage.ts'

/** Of an attempt that writes: aborts where the disk is about to be full. */
export interface GuardedAttempt {
  signal: AbortSignal
  close(): void
}

/** Far below what writing the rest takes, at the speed of a disk; asking costs microseconds. */
const LOOK_EVERY_MS = 200

/**
 * Ends what writes before the disk is full, so that the databases on it always find room: first the attempts of the job that came
 * last; where little is left, all of them.
 */
export const createDiskGuard = (dir: string, keepFreeOf: (totalBytes: number) => number) => {
  const attempts = new Map<AbortController, string>()
  let timer: NodeJS.Timeout | null = null
  let looking = false

  const look = async (): Promise<void> => {
    const { totalBytes, freeBytes } = await diskSpace(dir)
    const kept = keepFreeOf(totalBytes)
    if (freeBytes >= kept / 2) return
    const running = [...attempts].filter(([{ signal }]) => !signal.aborted)
    // What was stopped is still giving its room back.
    const isEnough = running.length < attempts.size && freeBytes >= kept / 4
    if (isEnough) return
    // Job ids ascend with time.
    const last = running.map(([, jobId]) => jobId).reduce((newest, jobId) => (jobId > newest ? jobId : newest), '')
    for (const [controller, jobId] of running) {
      if (jobId === last || freeBytes < kept / 4) controller.abort(new SluiceError('DiskFull'))
    }
  }

  const tick = (): void => {
    if (looking) return
    looking = true
    // Where the folder can't be asked about, writing into it says why.
    void look()
      .catch(() => undefined)
      .finally(() => {
        looking = false
      })
  }

  return {
    /** Whether what writes is ended. */
    isLow: async (): Promise<boolean> => {
      const { totalBytes, freeBytes } = await diskSpace(dir)
      return freeBytes < keepFreeOf(totalBytes) / 2
    },
    watch: (jobId: string): GuardedAttempt => {
      const controller = new AbortController()
      attempts.set(controller, jobId)
      timer ??= setInterval(tick, LOOK_EVERY_MS)
      return {
        signal: controller.signal,
        close: () => {
          attempts.delete(controller)
          if (attempts.size > 0 || timer === null) return
          clearInterval(timer)
          timer = null
        },
      }
    },
  }
}
export type DiskGuard = ReturnType<typeof createDiskGuard>
