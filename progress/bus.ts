import type { BusMessage, JobWish } from '../contract/progress.ts'

/**
 * Carries what workers see to the processes that show it. Losing a message loses no truth: state is in the catalog, progress
 * is in the heartbeats.
 */
export interface ProgressPublisher {
  /** Never throws and never waits; drops what can't be sent. */
  publish(message: BusMessage): void
  close(): Promise<void>
}

/** What API processes tell workers; lost where the link is down. */
export interface JobWishes {
  /** Calls back for each wish; returns the way to stop. */
  onWish(listener: (wish: JobWish) => void): () => void
}

export interface ProgressSubscriber {
  /** Calls back for each message; returns the way to stop. */
  onMessage(listener: (message: BusMessage) => void): () => void
  /** Epoch ms of the newest sign of life of any worker; 0 when none has come. Old: read heartbeats by `describe()`. */
  lastHeardAt(): number
}
