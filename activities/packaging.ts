import type { PackageInput } from '../contract/steps.ts'
import type { ToolContext } from '../tools/tool-context.ts'
import type { StepRun } from './step.ts'

/** One attempt at packaging, with every file as a path. */
export interface Packaging extends PackageInput {
  run: StepRun
  context: ToolContext
  /** Folder of the results. */
  dir: string
  sourcePath: string
  /** Encoded renditions, whole, in the plan's order. */
  videoPaths: string[]
  /** Encoded sound, in the plan's order; null where the source's own is taken. */
  soundPaths: (string | null)[]
}
