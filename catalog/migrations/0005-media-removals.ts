import type { Knex } from 'knex'

/** Deleted media whose files may still be there. */
export const up = async (knex: Knex): Promise<void> => {
  // MySQL cannot undo a new table: a migration that was cut off finds it there.
  if (await knex.schema.hasTable('media_removals')) return
  await knex.schema.createTable('media_removals', (table) => {
    table.specificType('media_id', 'char(36)').notNullable().primary()
    // Under the library, as JSON.
    table.text('paths', 'longtext').notNullable()
  })
}
