import type { DiskNeed } from '../contract/plan.ts'
import { PRESETS } from '../contract/presets.ts'
import type { DownloadInput } from '../contract/steps.ts'
import { SMALL_FILES } from './plan-disk.ts'
import type { StepRun } from './step.ts'

/** Of a source whose size nobody says; more is asked for as it comes. */
const UNKNOWN_BYTES = 32 * 1024 ** 2
/** What a site says from bit rate and duration may be a quarter too high. */
const CERTAIN_PART = 0.75
/** What is made of it needs so much of its size, until the plan says it better: enough that nobody begins who could not end. */
const MADE_PART = { none: 0.5, file: 1, stream: 3 } as const

export interface DownloadRoom {
  /** @throws SluiceError DiskFull where the job has to wait, LimitExceeded where there can never be enough. */
  begin(): Promise<void>
  /** Asks for more where more comes than was foreseen; throws, a moment later, where that is not to be had. */
  arrived(reading: { done: number; total: number | null }): void
}

export const createDownloadRoom = (run: StepRun, { resolved, preset }: DownloadInput): DownloadRoom => {
  const { video, delivery } = PRESETS[preset]
  const madePart = MADE_PART[video === 'none' ? 'none' : delivery]
  let foreseen = resolved.sizeBytes ?? UNKNOWN_BYTES
  let refused: { error: unknown } | null = null
  let asking = false
  const need = (certainBytes: number): DiskNeed => ({
    bytes: Math.ceil(foreseen * (1 + madePart) + SMALL_FILES),
    leastBytes: Math.ceil(certainBytes),
  })
  return {
    begin: () => run.reserve(need((resolved.sizeBytes ?? 0) * CERTAIN_PART)),
    arrived: ({ done, total }) => {
      if (refused) throw refused.error
      const size = Math.max(done, total ?? 0)
      if (asking || size <= foreseen) return
      foreseen = total !== null && total > done ? total : 2 * done
      asking = true
      run.reserve(need(done)).then(
        () => {
          asking = false
        },
        (error: unknown) => {
          refused = { error }
        },
      )
    },
  }
}
