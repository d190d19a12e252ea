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

/** Resident memory of a worker at work, in MiB: what a fork has to copy the tables of. */
const WORKER_MIB = 256
const FORKED_PROCESSES = 100

type Start = () => Promise<unknown>

const bare: Start = () =>
  new Promise((ended, failed) => {
    const child = spawn(PROGRAM, [], { stdio: ['ignore', 'pipe', 'pipe'] })
    child.stdout.resume()
    child.stderr.resume()
    child.once('close', ended).once('error', failed)
  })

const execaAlone: Start = () => execa(PROGRAM)
const ours: Start = () => runTool({ tool: 'true', path: PROGRAM, args: [] })

/** Processes per second, `CONCURRENCY` at a time. */
const measure = async (start: Start, processes = PROCESSES): Promise<number> => {
  let left = processes
  const worker = async (): Promise<void> => {
    while (left > 0) {
      left -= 1
      await start()
    }
  }
  const startedAt = performance.now()
  await Promise.all(Array.from({ length: CONCURRENCY }, worker))
  return (1_000 * processes) / (performance.now() - startedAt)
}

/** The same loop in Python, timed by itself so that its own start does not count. */
const measurePython = async (): Promise<number> => {
  const script = fileURLToPath(new URL('spawn-asyncio.py', import.meta.url))
  const { stdout } = await execa('python3', [script, PROGRAM, String(PROCESSES), String(CONCURRENCY)])
  return Number(stdout)
}

/** The same with as much memory as a worker has, in turns once each. */
const measureLarge = async (): Promise<{ execa: number; ours: number }> => {
  const memory = Array.from({ length: WORKER_MIB }, () => Buffer.alloc(1024 * 1024, 1))
  const rates = { execa: await measure(execaAlone, FORKED_PROCESSES), ours: await measure(ours, FORKED_PROCESSES) }
  // Held until here, or it would be collected meanwhile.
  memory.length = 0
  return rates
}

/**
 * Processes per second through tools/spawn.ts beside child_process, execa and Python's asyncio, in turns within each round, so
 * that what else the machine does meets all of them.
 */
export const run = async (): Promise<BenchResult> => {
  const variants: Record<string, () => Promise<number>> = {
    child_process: () => measure(bare),
    execa: () => measure(execaAlone),
    'tools/spawn.ts': () => measure(ours),
    'Python asyncio': measurePython,
  }
  const rates = new Map<string, number[]>(Object.keys(variants).map((name) => [name, []]))
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const [name, rateOf] of Object.entries(variants)) rates.get(name)?.push(await rateOf())
  }
  const large = await measureLarge()
  const of = (name: string): number => median(rates.get(name) ?? [])
  // Rounds are compared pairwise: a slow moment of the machine slows both.
  const ratios = (rates.get('tools/spawn.ts') ?? []).map((rate, round) => rate / (rates.get('execa')?.[round] ?? NaN))
  const row = (name: string): string[] => {
    const all = rates.get(name) ?? []
    return [name, of(name).toFixed(0), Math.min(...all).toFixed(0), Math.max(...all).toFixed(0)]
  }
  return {
    bench: 'spawn',
    table: [
      ['processes a second', 'median', 'lowest', 'highest'],
      ...Object.keys(variants).map(row),
      [`execa in a process of ${WORKER_MIB} MiB more`, large.execa.toFixed(0), '', ''],
      [`tools/spawn.ts in a process of ${WORKER_MIB} MiB more`, large.ours.toFixed(0), '', ''],
    ],
    notes: [
      `${PROCESSES} × ${PROGRAM}, ${CONCURRENCY} at a time, ${ROUNDS} rounds.`,
      'Bound by fork, which copies the page tables of the process and so grows with its memory; the parent-death signal costs one more exec.',
    ],
    metrics: {
      spawn_per_second: of('tools/spawn.ts'),
      execa_per_second: of('execa'),
      child_process_per_second: of('child_process'),
      asyncio_per_second: of('Python asyncio'),
      spawn_per_second_large: large.ours,
      execa_per_second_large: large.execa,
      ratio_to_execa: median(ratios),
    },
    targets: { ratio_to_execa: { min: 0.9 } },
  }
}
