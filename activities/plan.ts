import type { MediaPlan } from '../contract/plan.ts'
import type { PlanInput } from '../contract/steps.ts'
import { createBuildReader } from '../tools/ffmpeg-build.ts'
import { decidePlan } from './plan-media.ts'
import { runStep, type StepDeps } from './step.ts'

/**
 * Decides what is made of the source. Reserves the disk that it needs. Fails with UnsupportedMedia where the preset
 * can't be made of it, DiskFull where it has to wait for room, LimitExceeded where there can never be enough.
 */
export const createPlan = (deps: StepDeps) => {
  const buildOf = createBuildReader()
  return (input: PlanInput): Promise<MediaPlan> =>
    runStep(deps, input.ref, async (run) => {
      const ffmpegBuild = await buildOf(deps.config.tools.ffmpeg, run.signal)
      const { probed, preset, options } = input
      const { chunkMs } = deps.config.worker
      const plan = decidePlan({ facts: probed.facts, preset, options, ffmpegBuild, chunkMs })
      await run.reserve(plan.disk)
      run.log.info({ planHash: plan.hash, reasons: plan.reasons }, 'planned')
      return plan
    })
}
