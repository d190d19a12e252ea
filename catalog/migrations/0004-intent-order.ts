import type { Knex } from 'knex'

/** By which a projection that knows of what was last wished of a job is told from one that does not. */
export const up = async (knex: Knex): Promise<void> => {
  // MySQL cannot undo a changed table: a migration that was cut off finds some of it done.
  if (await knex.schema.hasColumn('jobs', 'intent_order')) return
  await knex.schema.alterTable('jobs', (table) => void table.integer('intent_order').nullable())
}
