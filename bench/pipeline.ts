import { createReadStream } from 'node:fs'
import { mkdir, mkdtemp, rm, stat } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseConfig } from '../config.ts'
import { readInstance } from '../scripts/instance-file.ts'
import { startInstance } from '../scripts/instance.ts'
import { readInstalledTools } from '../scripts/installed-tools.ts'
import { costOf, type Cost } from './cpu-time.ts'
import { makeClip } from './moving-clip.ts'
import { planScript, runDownloader, runOnePass, runPerOutput } from './pipeline-scripts.ts'
import { median, type BenchResult } from './result.ts'
import { runJob } from './run-job.ts'

const ROUNDS = 3
/** Shorter rounds, so more of them. */
const SHORT_ROUNDS = 7
const LONG_S = 60
const SHORT_S = 1

/** Runs the variants in turns, so that what else the machine does meets all of them. */
const interleave = async <N extends string>(
  rounds: number,
  variants: Record<N, () => Promise<Cost>>,
): Promise<Record<N, Cost>> => {
  const costs = new Map<string, Cost[]>()
  for (let round = 0; round < rounds; round += 1) {
    for (const [name, measure] of Object.entries<() => Promise<Cost>>(variants)) {
      const cost = await measure()
      console.error(`${name}, round ${round + 1}: ${cost.cpuS.toFixed(2)} s of CPU, ${cost.wallS.toFixed(2)} s of wall`)
      costs.set(name, [...(costs.get(name) ?? []), cost])
    }
  }
  const middle = (all: readonly Cost[]): Cost => ({
    cpuS: median(all.map(({ cpuS }) => cpuS)),
    wallS: median(all.map(({ wallS }) => wallS)),
  })
  return Object.fromEntries([...costs].map(([name, all]) => [name, middle(all)])) as Record<N, Cost>
}

const serveFile = async (path: string) => {
  const { size } = await stat(path)
  const server = createServer((request, response) => {
    if (request.url === '/page') {
      response
        .writeHead(200, { 'content-type': 'text/html' })
        .end('<title>A clip</title><video src="/clip.mp4"></video>')
      return
    }
    response.writeHead(200, { 'content-type': 'video/mp4', 'content-length': size })
    if (request.method === 'HEAD') response.end()
    else createReadStream(path).pipe(response)
  })
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  const { port } = server.address() as AddressInfo
  const address = `127.0.0.1:${port}`
  const urls = { page: `http://${address}/page`, file: `http://${address}/clip.mp4` }
  return { address, urls, close: () => server.close() }
}

/**
 * A 60 s 720p clip through the preset `stream` beside the same work by scripts, in CPU-seconds; and what the engine adds to
 * the raw commands for a clip of one second. The engine's CPU time is that of Temporal, API and worker with all they start.
 */
export const run = async (): Promise<BenchResult> => {
  const dir = await mkdtemp(join(tmpdir(), 'sluice-bench-'))
  const installed = readInstalledTools()
  const { tools } = parseConfig({}, installed)
  const long = await makeClip(tools.ffmpeg, join(dir, 'long.mp4'), { seconds: LONG_S })
  const short = await makeClip(tools.ffmpeg, join(dir, 'short.mp4'), { seconds: SHORT_S })
  const origin = await serveFile(short)
  const env = {
    ...process.env,
    SLUICE_DATA: join(dir, 'data'),
    SLUICE_IMPORT: dir,
    SLUICE_ALLOW_ADDRESSES: origin.address,
  }
  const config = parseConfig(env, installed)
  const signal = new AbortController().signal
  const instance = await startInstance({ config, env, say: (line) => console.error(line), signal })
  try {
    const pids = (readInstance(config.dataDir)?.processes ?? []).map(({ pid }) => pid)
    // Everything is loaded once before it is measured.
    await runJob(instance, { url: origin.urls.page })
    let folders = 0
    const inFolder = async (work: (folder: string) => Promise<unknown>): Promise<Cost> => {
      folders += 1
      const folder = join(dir, `script-${folders}`)
      await mkdir(folder)
      const cost = await costOf([process.pid], () => work(folder))
      await rm(folder, { recursive: true })
      return cost
    }
    const longJob = await planScript(tools, long, dir)
    const shortJob = await planScript(tools, short, dir)
    const whole = await interleave(ROUNDS, {
      engine: () => costOf(pids, () => runJob(instance, { file: 'long.mp4' })),
      perOutput: () => inFolder((folder) => runPerOutput(longJob, folder)),
      onePass: () => inFolder((folder) => runOnePass(longJob, folder)),
    })
    const second = await interleave(SHORT_ROUNDS, {
      engine: () => costOf(pids, () => runJob(instance, { url: origin.urls.page })),
      engineDirect: () => costOf(pids, () => runJob(instance, { url: origin.urls.file })),
      raw: () =>
        inFolder(async (folder) => {
          const source = await runDownloader(tools, origin.urls.page, folder)
          await runOnePass({ ...shortJob, source }, folder)
        }),
    })
    return report(whole, second)
  } finally {
    await instance.stop()
    origin.close()
    await rm(dir, { recursive: true, force: true })
  }
}

type Whole = Record<'engine' | 'perOutput' | 'onePass', Cost>
type Second = Record<'engine' | 'engineDirect' | 'raw', Cost>

const report = (whole: Whole, second: Second): BenchResult => {
  const row = (name: string, { cpuS, wallS }: Cost): string[] => [name, cpuS.toFixed(2), wallS.toFixed(2)]
  return {
    bench: 'pipeline',
    table: [
      ['seconds, median', 'CPU', 'wall'],
      row(`${LONG_S} s clip: Sluice`, whole.engine),
      row(`${LONG_S} s clip: (a) one ffmpeg an output`, whole.perOutput),
      row(`${LONG_S} s clip: (b) one pass by hand`, whole.onePass),
      row(`${SHORT_S} s clip on a page: Sluice`, second.engine),
      row(`${SHORT_S} s clip on a page: raw commands`, second.raw),
      row(`${SHORT_S} s clip by itself: Sluice, without yt-dlp`, second.engineDirect),
    ],
    notes: [
      `${LONG_S} s: ${ROUNDS} interleaved rounds; ${SHORT_S} s, over HTTP: ${SHORT_ROUNDS}. 720p, preset stream.`,
      'Beyond the scripts Sluice walks over all packets, hashes the source, weighs a dozen posters, reads every result again and sums what it publishes.',
    ],
    metrics: {
      cpuToPerOutput: whole.engine.cpuS / whole.perOutput.cpuS,
      cpuToOnePass: whole.engine.cpuS / whole.onePass.cpuS,
      wallToOnePass: whole.engine.wallS / whole.onePass.wallS,
      addedWallS: second.engine.wallS - second.raw.wallS,
    },
    targets: { cpuToPerOutput: { max: 0.8 }, cpuToOnePass: { max: 1.1 }, addedWallS: { max: 0.6 } },
  }
}
