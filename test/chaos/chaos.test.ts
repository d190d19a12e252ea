import { expect, it } from 'vitest'
import { runChaos } from './chaos.ts'
import { drawSchedule } from './schedule.ts'

/** One that meets every kind of process; any other has to do as well. */
const SEED = 2
const KILLS = 10

it('loses nothing, spoils nothing and leaves nothing behind when things are killed at random', async () => {
  const said: string[] = []
  const signal = new AbortController().signal
  const result = await runChaos({ kills: KILLS, seed: SEED, pace: 0.3, say: (line) => said.push(line), signal })
  if (result.lost + result.corrupt + result.leftOver + result.redoneForNothing > 0) console.log(said.join('\n'))
  expect(result).toMatchObject({ lost: 0, corrupt: 0, leftOver: 0, redoneForNothing: 0 })
  expect(result.kills).toBeGreaterThanOrEqual(KILLS)
  expect(result.succeeded).toBeGreaterThan(0)
  // One for each slot.
  expect(result.redoneByOne).toBeLessThanOrEqual(2)
})

it('does the same again with the same seed', () => {
  expect(drawSchedule(7, 50)).toEqual(drawSchedule(7, 50))
  expect(drawSchedule(8, 50)).not.toEqual(drawSchedule(7, 50))
})
