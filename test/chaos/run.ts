import { parseArgs } from 'node:util'
import { runChaos } from './chaos.ts'
import type { ChaosResult } from './report.ts'

const USAGE = 'Usage: npm run chaos -- [--kills N] [--seed S] [--keep]'

/** Whether nothing was lost, and all that came out is right. */
const isWhole = ({ lost, corrupt, leftOver }: ChaosResult): boolean => lost + corrupt + leftOver === 0

const wholeNumber = (text: string, name: string): number => {
  if (!/^\d{1,9}$/.test(text)) throw new Error(`--${name} is a whole number`)
  return Number(text)
}

const main = async (): Promise<boolean> => {
  const { values } = parseArgs({
    options: { kills: { type: 'string' }, seed: { type: 'string' }, keep: { type: 'boolean' } },
  })
  const kills = wholeNumber(values.kills ?? '20', 'kills')
  const seed = wholeNumber(values.seed ?? String(Math.floor(Math.random() * 1e9)), 'seed')
  const interrupted = new AbortController()
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => interrupted.abort())
  console.log(`${kills} kills with seed ${seed}; the same again by: npm run chaos -- --kills ${kills} --seed ${seed}`)
  const result = await runChaos({ kills, seed, say: console.log, signal: interrupted.signal, keep: values.keep })
  console.log(`RESULT ${JSON.stringify(result)}`)
  return isWhole(result)
}

try {
  process.exitCode = (await main()) ? 0 : 1
} catch (error) {
  console.error(error instanceof Error ? (error.stack ?? error.message) : String(error))
  console.error(USAGE)
  process.exitCode = 2
}
