import { spawn } from 'node:child_process'
import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'
// oxlint-disable-next-line no-restricted-imports -- by itself it is what tools/spawn.ts is compared with
import { execa } from 'execa'
import { runTool } from '../tools/spawn.ts'
import { median, type BenchResult } from './result.ts'

/** Starts and ends at once: what is measured is the way there and back. */
const PROGRAM = '/bin/true'
const PROCESSES = 400
const ROUNDS = 7
/** Twice the cores: as many as keep them busy without a queue of their own. */
const CONCURRENCY = 2 * availableParallelism()

type Start = () => Promise<unknown>

const bare: Start = () =>
  new Promise((ended, failed) => {
    const child = spawn(PROGRAM, [], { stdio: ['ignore', 'pipe', 'pipe'] })
    child.stdout.resume()
    child.stderr.resume()
    child.once('close', ended).once('error', failed)
  })

/** Processes per second, `CONCURRENCY` at a time. */
const measure = async (start: Start): Promise<number> => {
  let left = PROCESSES
  const worker = async (): Promise<void> => {
    while (left > 0) {
      left -= 1
      await start()
    }
  }
  const startedAt = performance.now()
  await Promise.all(Array.from({ length: CONCURRENCY }, worker))
  return (1_000 * PROCESSES) / (performance.now() - startedAt)
}

/** The same loop in Python, timed by itself so that its own start does not count. */
const measurePython = async (): Promise<number> => {
  const script = fileURLToPath(new URL('spawn-asyncio.py', import.meta.url))
  const { stdout } = await execa('python3', [script, PROGRAM, String(PROCESSES), String(CONCURRENCY)])
  return Number(stdout)
}

/**
 * Processes per second through tools/spawn.ts beside child_process, execa and Python's asyncio, in turns within each round, so
 * that what else the machine does meets all of them.
 */
export const run = async (): Promise<BenchResult> => {
  const variants: Record<string, () => Promise<number>> = {
    child_process: () => measure(bare),
    execa: () => measure(() => execa(PROGRAM)),
    'tools/spawn.ts': () => measure(() => runTool({ tool: 'true', path: PROGRAM, args: [] })),
    'Python asyncio': measurePython,
  }
  const rates = new Map<string, number[]>(Object.keys(variants).map((name) => [name, []]))
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const [name, rateOf] of Object.entries(variants)) rates.get(name)?.push(await rateOf())
  }
  const of = (name: string): number => median(rates.get(name) ?? [])
  // Rounds are compared pairwise: a slow moment of the machine slows both.
  const ratios = (rates.get('tools/spawn.ts') ?? []).map((rate, round) => rate / (rates.get('execa')?.[round] ?? NaN))
  const row = (name: string): string[] => {
    const all = rates.get(name) ?? []
    return [name, of(name).toFixed(0), Math.min(...all).toFixed(0), Math.max(...all).toFixed(0)]
  }
  return {
    bench: 'spawn',
    table: [['processes a second', 'median', 'lowest', 'highest'], ...Object.keys(variants).map(row)],
    notes: [
      `${PROCESSES} × ${PROGRAM}, ${CONCURRENCY} at a time, ${ROUNDS} rounds.`,
      'Bound by fork and exec in the kernel, paid twice on Linux for the parent-death signal, and by one event loop that reads the pipes.',
    ],
    metrics: {
      spawn_per_second: of('tools/spawn.ts'),
      execa_per_second: of('execa'),
      child_process_per_second: of('child_process'),
      asyncio_per_second: of('Python asyncio'),
      ratio_to_execa: median(ratios),
    },
    targets: { ratio_to_execa: { min: 0.9 } },
  }
}
