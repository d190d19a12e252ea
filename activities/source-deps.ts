import { join } from 'node:path'
import type { Egress } from '../tools/egress-guard.ts'
import type { HttpContext } from '../tools/http-get.ts'
import type { YtdlpContext } from '../tools/ytdlp.ts'
import type { StepDeps, StepRun } from './step.ts'

/** What steps that fetch from outside are given: the way out is guarded. */
export interface SourceDeps extends StepDeps {
  egress: Egress
}

export const ytdlpContext = (deps: SourceDeps, run: StepRun): YtdlpContext => ({
  paths: deps.config.tools,
  egress: deps.egress,
  cacheDir: join(deps.config.dataDir, 'cache', 'yt-dlp'),
  cwd: run.scratchDir,
  signal: run.signal,
  stallMs: deps.config.worker.stallMs,
  onAlive: run.alive,
  log: run.log,
})

/** A server silent for so long has gone; yt-dlp is told the same. */
const SILENCE_MS = 20_000

export const httpContext = (deps: SourceDeps, run: StepRun): HttpContext => ({
  egress: deps.egress,
  signal: run.signal,
  silenceMs: Math.min(SILENCE_MS, deps.config.worker.stallMs),
})
