import { describe, expect, test } from 'vitest'
import { gatherRows } from '../../dispatch/gather-rows.ts'
import { createGroupCommit } from '../../api/group-commit.ts'
import type { JobRow } from '../../catalog/job-row.ts'
import type { AcceptedJob, AcceptOutcome } from '../../catalog/jobs.ts'
import { SluiceError } from '../../contract/failures.ts'

const job = (id: string) => ({ id }) as AcceptedJob
const accepted = (jobs: AcceptedJob[]): AcceptOutcome => ({
  outcome: 'accepted',
  items: jobs.map(({ id }) => ({ job: { id } as JobRow, deduplicated: false })),
})
const idsOf = (outcome: AcceptOutcome) =>
  outcome.outcome === 'accepted' ? outcome.items.map(({ job: { id } }) => id) : outcome.outcome

/** A catalog whose transactions are seen, and fail for jobs that are named so. */
const seenCatalog = (fail: (ids: string[]) => Error | null = () => null) => {
  const transactions: string[][] = []
  const acceptOrMatch = async (jobs: AcceptedJob[]) => {
    const ids = jobs.map(({ id }) => id)
    transactions.push(ids)
    await new Promise((resolve) => setImmediate(resolve))
    const error = fail(ids)
    if (error) throw error
    return accepted(jobs)
  }
  return { transactions, accept: createGroupCommit({ acceptOrMatch }) }
}

describe('a group commit', () => {
  test('one transaction for what comes together, and the next for what comes meanwhile; each gets its own', async () => {
    const { transactions, accept } = seenCatalog()
    const first = ['a', 'b', 'c'].map((id) => accept([job(id)]))
    await new Promise((resolve) => setImmediate(resolve))
    const second = [accept([job('d'), job('e')]), accept([job('f')])]
    expect((await Promise.all([...first, ...second])).map(idsOf)).toEqual([['a'], ['b'], ['c'], ['d', 'e'], ['f']])
    expect(transactions).toEqual([
      ['a', 'b', 'c'],
      ['d', 'e', 'f'],
    ])
  })

  test('no transaction is larger than 50, unless one request is', async () => {
    const { transactions, accept } = seenCatalog()
    const ids = Array.from({ length: 120 }, (_, index) => String(index))
    const many = accept(ids.map(job))
    const single = await Promise.all(ids.map((id) => accept([job(id)])))
    expect(single.flatMap(idsOf)).toEqual(ids)
    expect(idsOf(await many)).toEqual(ids)
    expect(transactions.map(({ length }) => length)).toEqual([120, 50, 50, 20])
  })

  test('an Idempotency-Key has a transaction to itself', async () => {
    const { transactions, accept } = seenCatalog()
    await Promise.all([
      accept([job('a')]),
      accept([job('b')], { owner: 'o', key: 'k', bodyHash: 'h' }),
      accept([job('c')]),
    ])
    expect(transactions).toEqual([['b'], ['a', 'c']])
  })

  test('one job that fails takes no other with it', async () => {
    const { accept } = seenCatalog((ids) => (ids.includes('bad') ? new Error('bad') : null))
    const outcomes = await Promise.allSettled(['a', 'bad', 'c'].map((id) => accept([job(id)])))
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
    expect(idsOf(await accept([job('d')]))).toEqual(['d'])
  })

  test('a database that is away is not asked again for each', async () => {
    const { transactions, accept } = seenCatalog(() => new SluiceError('CatalogBusy'))
    const outcomes = await Promise.allSettled(['a', 'b', 'c'].map((id) => accept([job(id)])))
    expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected'])
    expect(transactions).toHaveLength(1)
  })
})

describe('starting', () => {
  test('goes on at once for the first, and together for those that follow closely', async () => {
    const calls: string[][] = []
    const start = gatherRows((rows) => calls.push(rows.map(({ id }) => id)))
    const rows = (...ids: string[]) => ids.map((id) => ({ id }) as JobRow)
    start([])
    start(rows('a'))
    expect(calls).toEqual([])
    await expect.poll(() => calls, { interval: 1 }).toEqual([['a']])
    start(rows('b'))
    start(rows('c', 'd'))
    start([])
    await expect.poll(() => calls, { interval: 1 }).toEqual([['a'], ['b', 'c', 'd']])
  })
})
