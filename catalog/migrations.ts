import type { Knex } from 'knex'
import { SluiceError } from '../contract/failures.ts'
import * as firstTables from './migrations/0001-first-tables.ts'
import * as pause from './migrations/0002-pause.ts'
import * as workflowRuns from './migrations/0003-workflow-runs.ts'
import * as intentOrder from './migrations/0004-intent-order.ts'
import * as mediaRemovals from './migrations/0005-media-removals.ts'
import * as jobRemovals from './migrations/0006-job-removals.ts'

interface Migration {
  name: string
  up: (knex: Knex) => Promise<void>
}

/** In order; one that was released is never edited, another is added. */
const MIGRATIONS: readonly Migration[] = [
  { name: '0001-first-tables', up: firstTables.up },
  { name: '0002-pause', up: pause.up },
  { name: '0003-workflow-runs', up: workflowRuns.up },
  { name: '0004-intent-order', up: intentOrder.up },
  { name: '0005-media-removals', up: mediaRemovals.up },
  { name: '0006-job-removals', up: jobRemovals.up },
]

const source: Knex.MigrationSource<Migration> = {
  getMigrations: async () => [...MIGRATIONS],
  getMigrationName: (migration) => migration.name,
  getMigration: async (migration) => ({
    up: migration.up,
    down: async () => {
      throw new Error('Migrations go forward only; restore a backup to go back')
    },
  }),
}

/** Longer than any migration of ours takes on a database that others are using. */
const MYSQL_LOCK_SECONDS = 60

/**
 * Brings the tables up to date. Processes that start at once take turns: on SQLite all of it is one write transaction, on
 * MySQL a named lock is held, which its server frees when the process dies.
 */
export const migrate = (knex: Knex): Promise<void> =>
  knex.transaction(async (trx) => {
    if ((knex.client as { dialect: string }).dialect === 'mysql') await migrateMysql(knex, trx)
    else await trx.migrate.latest({ migrationSource: source })
  })

/** The lock belongs to the connection of `trx`; the tables are changed on another, since MySQL commits at every such change. */
const migrateMysql = async (knex: Knex, trx: Knex.Transaction): Promise<void> => {
  const lockName = "concat('sluice-migrate-', database())"
  const [rows = []] = await trx.raw<{ locked: number | null }[][]>(`select get_lock(${lockName}, ?) as locked`, [
    MYSQL_LOCK_SECONDS,
  ])
  if (rows[0]?.locked !== 1) throw new SluiceError('CatalogBusy', 'Another process is changing the catalog tables.')
  try {
    // What a process that died left locked in knex's own table is nobody's: the named lock is ours.
    await knex.migrate.forceFreeMigrationsLock({ migrationSource: source })
    await knex.migrate.latest({ migrationSource: source })
  } finally {
    await trx.raw(`select release_lock(${lockName})`)
  }
}
