import type { StoredFile } from '../contract/steps.ts'

/** Who holds a scratch folder. A worker that starts reads the leases of dead ones and gives their work back at once. */
export interface ScratchLease {
  jobId: string
  step: string
  /** Of the step, where parts of it run side by side. */
  part: string | null
  attempt: number
  /** Epoch ms of Temporal's clock at which this attempt was given out: of two at the same work the later one counts. */
  scheduledAt: number
  /** Temporal's task token of the attempt, base64; null outside an activity. */
  taskToken: string | null
}

/** A private folder of one attempt; gone when released. */
export interface Scratch {
  /** Absolute path of the folder. */
  dir: string
  /**
   * Absolute path of the folder within it whose content goes on to the next attempt at the same part of the same step, should
   * this one not succeed, however it ends. There if the attempt before left something. Only one attempt ever has it: what a
   * living one holds, its successor does without.
   */
  keptDir: string
  /** Aborts when a later attempt at the same work has begun, which waits for this one to be released. */
  revoked: AbortSignal
  release(attempt: { succeeded: boolean }): Promise<void>
}

/**
 * Where files live between steps, so that any worker can take any step. Nothing half-written is ever visible under a key.
 * Keys are relative paths with forward slashes; the first part is the job id.
 */
export interface WorkStore {
  /**
   * Ends an earlier attempt at the same part of the same step first, wherever it runs: what it has not stored by then it can
   * store no more.
   */
  openScratch(lease: ScratchLease): Promise<Scratch>
  /** The file or folder under this key, or null. The size of a folder is that of its files. */
  find(key: string): Promise<StoredFile | null>
  /** Absolute path to read the file or folder from. @throws SluiceError StorageUnavailable when there is none. */
  read(key: string): Promise<string>
  /** Moves a finished file or folder from scratch to its key by one rename. Replaces what is there. */
  commit(path: string, key: string): Promise<StoredFile>
  /** Jobs that something is kept for. */
  listJobs(): Promise<string[]>
  /** Removes everything kept for a job. */
  removeJob(jobId: string): Promise<void>
}
