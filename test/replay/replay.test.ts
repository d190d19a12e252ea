import { readdirSync, readFileSync } from 'node:fs'
import { DefaultLogger, Runtime, Worker } from '@temporalio/worker'
import { describe, expect, it } from 'vitest'

const folder = new URL('histories/', import.meta.url)
const histories = readdirSync(folder).filter((name) => name.endsWith('.json'))
const read = (name: string): object => JSON.parse(readFileSync(new URL(name, folder), 'utf8')) as object

Runtime.install({ logger: new DefaultLogger('ERROR') })
const workflowBundle = { code: readFileSync(new URL('../../dist/workflows.js', import.meta.url), 'utf8') }

/** Jobs that were running when a new release starts must go on: today's workflows take the histories of the released ones. */
describe('recorded histories', () => {
  it('are there', () => expect(histories.length).toBeGreaterThan(5))

  it.each(histories)('%s replays', async (name) => {
    await expect(Worker.runReplayHistory({ workflowBundle }, read(name))).resolves.toBeUndefined()
  })

  it('do not replay when a step is missing, so that the tests above can fail', async () => {
    const [name = ''] = histories
    const tampered = JSON.parse(JSON.stringify(read(name)).replaceAll('"resolve"', '"download"')) as object
    await expect(Worker.runReplayHistory({ workflowBundle }, tampered)).rejects.toThrow(
      /nondeterminism|non-determinis/i,
    )
  })
})
