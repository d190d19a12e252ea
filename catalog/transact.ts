import type { Knex } from 'knex'
import { isDeadlock, isDuplicate } from './database-errors.ts'

/** Each loser of a race sees the winner's rows on the next try; more than a few losses in a row are something else. */
const TRIES = 8

/**
 * Runs `work` as one transaction and again from the beginning when it lost a race to another one: a deadlock (MySQL), or a
 * unique key taken between looking and inserting. `work` must have no effect but its statements.
 */
export const transact = async <T>(knex: Knex, work: (trx: Knex.Transaction) => Promise<T>): Promise<T> => {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await knex.transaction(work)
    } catch (error) {
      if (attempt >= TRIES || !(isDeadlock(error) || isDuplicate(error))) throw error
    }
  }
}
