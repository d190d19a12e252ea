import type { Knex } from 'knex'

/** MySQL compares text byte by byte with this, as SQLite does. */
const COLLATION = 'utf8mb4_bin'

const createTable = async (
  knex: Knex,
  name: string,
  columns: (table: Knex.CreateTableBuilder) => void,
): Promise<void> => {
  // MySQL cannot undo the creation of a table: a migration that was cut off finds some of its tables there.
  if (await knex.schema.hasTable(name)) return
  await knex.schema.createTable(name, (table) => {
    if ((knex.client as { dialect: string }).dialect === 'mysql') {
      table.charset('utf8mb4')
      table.collate(COLLATION)
    }
    columns(table)
  })
}

export const up = async (knex: Knex): Promise<void> => {
  await createTable(knex, 'jobs', (table) => {
    table.specificType('id', 'char(36)').notNullable().primary()
    table.string('kind', 20).notNullable()
    table.string('state', 20).notNullable()
    table.string('waiting_for', 20)
    table.boolean('cancel_requested').notNullable()
    table.bigInteger('cancel_pending_since')
    table.double('percent')
    table.string('preset', 50).notNullable()
    table.text('options').notNullable()
    table.integer('priority').notNullable()
    table.boolean('force').notNullable()
    table.text('source_url')
    table.text('source_file')
    table.text('source_title')
    table.string('source_site', 255)
    table.text('search_text').notNullable()
    table.specificType('dedupe_key', 'char(64)')
    table.specificType('live_key', 'char(64)')
    table.string('passthrough', 255)
    table.text('steps', 'mediumtext').notNullable()
    table.text('error')
    table.text('result')
    table.integer('revision').notNullable()
    table.integer('run').notNullable()
    table.integer('projection_version').notNullable()
    table.string('owner', 100).notNullable()
    table.specificType('parent_id', 'char(36)')
    table.bigInteger('dispatched_at')
    table.bigInteger('started_at')
    table.bigInteger('checked_at')
    table.bigInteger('created_at').notNullable()
    table.bigInteger('updated_at').notNullable()
    table.bigInteger('ended_at')

    // The job that answers when the same is submitted again; null in all others.
    table.unique(['live_key'], { indexName: 'jobs_live_key' })
    table.index(['created_at', 'id'], 'jobs_by_age')
    table.index(['owner', 'created_at', 'id'], 'jobs_by_owner')
    table.index(['owner', 'state', 'created_at', 'id'], 'jobs_by_owner_state')
    table.index(['state', 'priority', 'id'], 'jobs_by_urgency')
    table.index(['state', 'updated_at'], 'jobs_by_quiet')
    table.index(['cancel_pending_since'], 'jobs_to_cancel')
    table.index(['parent_id', 'created_at', 'id'], 'jobs_by_parent')
  })

  await createTable(knex, 'media', (table) => {
    table.specificType('id', 'char(36)').notNullable().primary()
    table.specificType('job_id', 'char(36)').notNullable()
    table.string('owner', 100).notNullable()
    table.text('title').notNullable()
    table.text('uploader')
    table.string('site', 255)
    table.text('search_text').notNullable()
    table.text('source_url')
    table.text('source_id').notNullable()
    table.text('source_key').notNullable()
    table.string('preset', 50).notNullable()
    // Of owner, source, preset and settings.
    table.specificType('reuse_key', 'char(64)').notNullable()
    table.text('settings_key').notNullable()
    table.bigInteger('duration_ms')
    table.integer('width')
    table.integer('height')
    table.bigInteger('size_bytes').notNullable()
    table.text('library_path').notNullable()
    table.string('passthrough', 255)
    table.text('probe', 'mediumtext')
    table.bigInteger('created_at').notNullable()

    table.index(['reuse_key', 'created_at'], 'media_by_reuse_key')
    table.index(['owner', 'created_at', 'id'], 'media_by_owner')
    table.index(['created_at', 'id'], 'media_by_age')
    table.index(['job_id'], 'media_by_job')
  })

  await createTable(knex, 'media_files', (table) => {
    table.specificType('media_id', 'char(36)').notNullable().references('id').inTable('media').onDelete('CASCADE')
    // Of path: a text is too long for an index of MySQL.
    table.specificType('path_key', 'char(64)').notNullable()
    table.integer('position').notNullable()
    table.text('path').notNullable()
    table.text('library_path').notNullable()
    table.string('role', 30).notNullable()
    table.string('content_type', 100).notNullable()
    table.bigInteger('size_bytes').notNullable()
    table.specificType('sha256', 'char(64)')
    table.integer('width')
    table.integer('height')

    table.primary(['media_id', 'path_key'])
  })

  await createTable(knex, 'library_paths', (table) => {
    // Of the path in one Unicode form and case, as many file systems compare names.
    table.specificType('path_key', 'char(64)').notNullable().primary()
    table.specificType('media_id', 'char(36)').notNullable()
    table.text('path').notNullable()

    table.unique(['media_id'], { indexName: 'library_paths_media' })
  })

  await createTable(knex, 'info_cache', (table) => {
    table.specificType('url_key', 'char(64)').notNullable().primary()
    table.text('json', 'mediumtext').notNullable()
    table.bigInteger('expires_at').notNullable()

    table.index(['expires_at'], 'info_cache_by_expiry')
  })

  await createTable(knex, 'idempotency_keys', (table) => {
    // Of owner and key.
    table.specificType('claim_key', 'char(64)').notNullable().primary()
    table.string('body_hash', 200).notNullable()
    table.text('job_ids', 'mediumtext').notNullable()
    table.bigInteger('created_at').notNullable()

    table.index(['created_at'], 'idempotency_keys_by_age')
  })
}
