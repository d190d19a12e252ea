import { SluiceError } from '../contract/failures.ts'

/**
 * Whether a program said of its own accord that it can't read the picture, or made nothing of it. Thumbnails are then left out,
 * as they never fail a job; a program that was killed, stalled or missing is another matter.
 */
export const saysUnreadable = (error: unknown): error is SluiceError =>
  error instanceof SluiceError &&
  (error.code === 'OutputInvalid' || (error.code === 'ToolCrashed' && (error.details.signal ?? null) === null))
