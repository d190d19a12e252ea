import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseConfig } from '../config.ts'
import { readInstance } from '../scripts/instance-file.ts'
import { startInstance } from '../scripts/instance.ts'
import { readInstalledTools } from '../scripts/installed-tools.ts'
import { costOf, cpuSeconds, type Cost } from './cpu-time.ts'
import { makeClip } from './moving-clip.ts'
import { median, type BenchResult } from './result.ts'
import { runJob } from './run-job.ts'

const ROUNDS = 3
const CLIP_S = 600
const WIDTH = 640
/** Of the whole job: the encode is by far the most of it. */
const KILL_AT_PERCENT = 50

/** A process and all that descend from it, ended children of each included. */
const treeOf = async (root: number): Promise<number[]> => {
  const parents = new Map<number, number>()
  for (const name of await readdir('/proc')) {
    const pid = Number(name)
    if (!Number.isInteger(pid)) continue
    try {
      const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
      parents.set(pid, Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]))
    } catch {
      // It ended between the two looks.
    }
  }
  const tree = [root]
  for (const known of tree) for (const [pid, parent] of parents) if (parent === known) tree.push(pid)
  return tree
}

/**
 * A 10-minute clip through the preset `stream`, undisturbed and with its worker killed once in the middle of the encode, in
 * CPU-seconds of Temporal, API and worker with all they start: those of the killed one and of what died with it, too.
 */
export const run = async (): Promise<BenchResult> => {
  const dir = await mkdtemp(join(tmpdir(), 'sluice-bench-'))
  const installed = readInstalledTools()
  await makeClip(parseConfig({}, installed).tools.ffmpeg, join(dir, 'clip.mp4'), { seconds: CLIP_S, width: WIDTH })
  const env = { ...process.env, SLUICE_DATA: join(dir, 'data'), SLUICE_IMPORT: dir }
  const config = parseConfig(env, installed)
  const signal = new AbortController().signal
  const instance = await startInstance({ config, env, say: (line) => console.error(line), signal })
  try {
    const pidOf = (name: string): number => {
      const found = readInstance(config.dataDir)?.processes.find((candidate) => candidate.name === name)
      if (!found) throw new Error(`no process ${name}`)
      return found.pid
    }
    const servers = () => [pidOf('temporal'), pidOf('api')]
    const undisturbed = (): Promise<Cost> =>
      costOf([...servers(), pidOf('worker')], () => runJob(instance, { file: 'clip.mp4' }))

    const killed = async (): Promise<Cost> => {
      const first = pidOf('worker')
      const before = cpuSeconds([first])
      let spent: number | null = null
      const kill = async (): Promise<void> => {
        spent = 0
        // What dies with it is waited for by nobody who could be asked.
        spent = cpuSeconds(await treeOf(first)) - before
        process.kill(first, 'SIGKILL')
      }
      const kills: Promise<void>[] = []
      const cost = await costOf(servers(), () =>
        runJob(instance, { file: 'clip.mp4' }, ({ step, jobPercent }) => {
          if (step !== 'transcode' || (jobPercent ?? 0) < KILL_AT_PERCENT || kills.length > 0) return
          kills.push(kill())
        }),
      )
      await Promise.all(kills)
      if (spent === null) throw new Error('the worker was never killed')
      return { ...cost, cpuS: cost.cpuS + spent + cpuSeconds([pidOf('worker')]) }
    }
    // Everything is loaded once before it is measured.
    await undisturbed()
    const rounds: { undisturbed: Cost; killed: Cost }[] = []
    for (let round = 1; round <= ROUNDS; round += 1) {
      const costs = { undisturbed: await undisturbed(), killed: await killed() }
      for (const [name, { cpuS, wallS }] of Object.entries(costs)) {
        console.error(`${name}, round ${round}: ${cpuS.toFixed(2)} s of CPU, ${wallS.toFixed(2)} s of wall`)
      }
      rounds.push(costs)
    }
    return report(rounds)
  } finally {
    await instance.stop()
    await rm(dir, { recursive: true, force: true })
  }
}

const report = (rounds: readonly { undisturbed: Cost; killed: Cost }[]): BenchResult => {
  const middle = (name: 'undisturbed' | 'killed', unit: keyof Cost): number =>
    median(rounds.map((costs) => costs[name][unit]))
  const row = (label: string, name: 'undisturbed' | 'killed'): string[] => {
    return [label, middle(name, 'cpuS').toFixed(2), middle(name, 'wallS').toFixed(2)]
  }
  return {
    bench: 'resume',
    table: [
      ['seconds, median', 'CPU', 'wall'],
      row('undisturbed', 'undisturbed'),
      row('worker killed once in the middle', 'killed'),
    ],
    notes: [
      `${ROUNDS} interleaved rounds of a ${CLIP_S} s clip ${WIDTH} pixels wide, preset stream. The start of the second worker counts.`,
    ],
    metrics: {
      cpuToUndisturbed: middle('killed', 'cpuS') / middle('undisturbed', 'cpuS'),
      wallToUndisturbed: middle('killed', 'wallS') / middle('undisturbed', 'wallS'),
    },
    targets: { cpuToUndisturbed: { max: 1.15 } },
  }
}
