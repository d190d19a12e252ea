import type { Knex } from 'knex'

/** Which executions of its workflow a job was heard of by: after a reset there is more than one. */
export const up = async (knex: Knex): Promise<void> => {
  // MySQL cannot undo a changed table: a migration that was cut off finds some of it done.
  if (await knex.schema.hasColumn('jobs', 'workflow_run_ids')) return
  await knex.schema.alterTable('jobs', (table) => void table.text('workflow_run_ids').nullable())
}
