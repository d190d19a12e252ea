import type { FailureCode } from '../contract/failures.ts'
import { SluiceError } from '../contract/failures.ts'
import type { StepName } from '../contract/names.ts'
import type { DiskNeed } from '../contract/plan.ts'
import type { StepRef } from '../contract/steps.ts'
import { MustWait } from '../storage/room-words.ts'
import type { Room } from '../storage/room.ts'

/** Steps that begin only where their job has room. Download and plan reserve it themselves; others need hardly any. */
const ADMITTED: ReadonlySet<StepName> = new Set(['probe', 'transcode', 'package', 'thumbnail'])
/** Steps that write much, and are ended before the disk is full. */
const WRITE_MUCH: ReadonlySet<StepName> = new Set(['download', 'transcode', 'package', 'thumbnail'])

/** How programs fail that do not say, or do not see, that they could not write. */
const MAY_BE_FULL: ReadonlySet<FailureCode> = new Set([
  'ToolCrashed',
  'OutputInvalid',
  'StorageUnavailable',
  'Internal',
])

/** What one attempt has to do with the room on the disk. */
export interface StepRoom {
  /** Aborts before the disk is full. */
  signal: AbortSignal
  /** @throws SluiceError DiskFull where the job has to wait. */
  admit(): Promise<void>
  reserve(need: DiskNeed): Promise<void>
  /** Where the attempt ended for want of room: notes that the job waits, and says for how much, or that it never fits; else the same error. */
  explain(error: unknown, codeOf: (error: unknown) => FailureCode): Promise<unknown>
  close(): void
}

export const openStepRoom = (room: Room, { jobId, step }: StepRef, workflowId: string | null): StepRoom => {
  const job = { jobId, workflowId }
  const guarded = WRITE_MUCH.has(step) ? room.watch(jobId) : null
  return {
    signal: guarded?.signal ?? new AbortController().signal,
    admit: async () => {
      if (ADMITTED.has(step)) await room.admit(job)
    },
    reserve: (need) => room.reserve(job, need),
    explain: async (error, codeOf) => {
      // The library may lie elsewhere, and what is published is on this disk already.
      const said = error instanceof SluiceError ? error.details : {}
      if (error instanceof MustWait || step === 'publish' || said.missingKey !== undefined) return error
      const code = codeOf(error)
      const isFull = code === 'DiskFull' || guarded?.signal.aborted === true
      if (!isFull && !(MAY_BE_FULL.has(code) && (await room.isLow()))) return error
      const refused = await room.refuse(job)
      return refused instanceof MustWait
        ? new MustWait(refused.code, refused.message, said, error)
        : new SluiceError(refused.code, refused.message, said, error)
    },
    close: () => guarded?.close(),
  }
}
