import type { Knex } from 'knex'

/** Pausing, and one mark for everything that a workflow is still to be told: cancellation, pause, priority. */
export const up = async (knex: Knex): Promise<void> => {
  // MySQL cannot undo a changed table: a migration that was cut off finds some of it done.
  if (await knex.schema.hasColumn('jobs', 'cancel_pending_since')) {
    await knex.schema.alterTable('jobs', (table) => table.renameColumn('cancel_pending_since', 'intent_pending_since'))
  }
  if (!(await knex.schema.hasColumn('jobs', 'pause_requested'))) {
    await knex.schema.alterTable(
      'jobs',
      (table) => void table.boolean('pause_requested').notNullable().defaultTo(false),
    )
  }
}
