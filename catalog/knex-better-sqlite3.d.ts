/** knex has no types for its dialect classes, which its documentation offers for extension. */
declare module 'knex/lib/dialects/better-sqlite3/index.js' {
  import type { Knex } from 'knex'

  class BetterSqlite3Client extends Knex.Client {
    _driver(): unknown
    _query(connection: unknown, query: unknown): Promise<unknown>
  }
  export = BetterSqlite3Client
}
