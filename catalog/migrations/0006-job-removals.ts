import type { Knex } from 'knex'

/** Deleted jobs whose files may still be there. */
export const up = async (knex: Knex): Promise<void> => {
  // MySQL cannot undo a new table: a migration that was cut off finds it there.
  if (await knex.schema.hasTable('job_removals')) return
  await knex.schema.createTable('job_removals', (table) => {
    table.specificType('job_id', 'char(36)').notNullable().primary()
  })
}
