import type { JobRun } from './job-run.ts'
import { isInputGone } from './run-step.ts'

/** Past so many times somebody takes the files away as fast as they are made. */
const ROUNDS = 4

/**
 * Does `work` again from its beginning where a step misses what an earlier one had made: after a restored backup, or where
 * files between steps were lost. What is still there is not made again.
 */
export const startingOver = async <O>(run: JobRun, work: () => Promise<O>): Promise<O> => {
  for (let round = 1; ; round += 1) {
    try {
      return await work()
    } catch (error) {
      if (!isInputGone(error) || round === ROUNDS) throw error
      run.startOver()
    }
  }
}
