import type { StepName } from './names.ts'

export type ProgressUnit = 'bytes' | 'mediaMs' | 'frames' | 'items'

/** What a tool said of its own progress, as a parser reads it from one line. */
export interface ToolProgress {
  /** 0–100, or null where the total is unknown. */
  percent: number | null
  done: number
  total: number | null
  unit: ProgressUnit
  /** Units per second. */
  rate: number | null
  etaMs: number | null
}

/**
 * One reading of one part of one step. The same object goes over the progress bus and into the heartbeat's details, so that
 * what a socket shows and what Temporal knows can't differ.
 */
export interface ProgressSample extends ToolProgress {
  jobId: string
  run: number
  step: StepName
  /** `1080p/3`, `audio`; null for a step in one piece. */
  part: string | null
  /** This part's fraction of the step's work, 0–1. */
  share: number
  attempt: number
  /** From 1 within one step, part and attempt. */
  seq: number
  /** Epoch milliseconds at which the worker read the tool's line. */
  at: number
}

/** Heartbeat details of every activity that drives a tool. */
export interface HeartbeatDetails {
  progress: ProgressSample | null
  checkpoint: unknown
}

/**
 * What travels from API processes to workers: a hint, ahead of what Temporal will say, so that a job's programs end at once and
 * even while Temporal is away. `run`: nothing more is wished, go on.
 */
export interface JobWish {
  type: 'wish'
  jobId: string
  run: number
  wish: 'cancel' | 'pause' | 'run'
}

/** What travels from workers to API processes. */
export type BusMessage =
  | { type: 'progress'; sample: ProgressSample }
  /** The catalog row of this job has a new revision; whoever shows it reads it again. */
  | { type: 'changed'; jobId: string; revision: number }
