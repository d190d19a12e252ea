import type { Knex } from 'knex'

/** One case and Unicode form, so that both databases find the same: SQLite folds the case of ASCII alone. */
const fold = (text: string): string => text.normalize('NFKC').toLowerCase()

/** What a row can be found by. */
export const searchText = (texts: (string | null)[]): string =>
  fold(texts.filter((text) => text !== null && text !== '').join('\n'))

/** Keeps rows whose `search_text` contains every word of `q`. */
export const whereMatches = (query: Knex.QueryBuilder, q: string): void => {
  for (const word of fold(q).split(/\s+/).filter(Boolean)) {
    const pattern = `%${word.replaceAll(/[!%_]/g, '!$&')}%`
    query.whereRaw("search_text like ? escape '!'", [pattern])
  }
}
