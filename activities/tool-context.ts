import type { ToolContext } from '../tools/tool-context.ts'
import type { StepDeps, StepRun } from './step.ts'

/** Programs of an attempt work in its scratch folder and end with it. */
export const toolContext = (deps: StepDeps, run: StepRun): ToolContext => ({
  paths: deps.config.tools,
  cwd: run.scratchDir,
  signal: run.signal,
  stallMs: deps.config.worker.stallMs,
  onAlive: run.alive,
  log: run.log,
})
