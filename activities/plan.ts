import type { MediaPlan } from '../contract/plan.ts'
import type { PlanInput } from '../contract/steps.ts'
import { PRESETS, type JobOptions } from '../contract/presets.ts'
import { createBuildReader } from '../tools/ffmpeg-build.ts'
import { keyframeBefore } from '../tools/ffprobe-keyframe.ts'
import type { ToolContext } from '../tools/tool-context.ts'
import { decidePlan } from './plan-media.ts'
import { runStep, type StepDeps } from './step.ts'
import { toolContext } from './tool-context.ts'

/**
 * Decides what is made of the source. Reserves the disk that it needs. Fails with UnsupportedMedia where the preset
 * can't be made of it, DiskFull where it has to wait for room, LimitExceeded where there can never be enough.
 */
export const createPlan = (deps: StepDeps) => {
  const buildOf = createBuildReader()
  return (input: PlanInput): Promise<MediaPlan> =>
    runStep(deps, input.ref, async (run) => {
      const ffmpegBuild = await buildOf(deps.config.tools.ffmpeg, run.signal)
      const { probed, preset } = input
      const options = await fromKeyframe(toolContext(deps, run), input, () => deps.store.read(input.file.key))
      const { chunkMs } = deps.config.worker
      const plan = decidePlan({ facts: probed.facts, preset, options, ffmpegBuild, chunkMs })
      if (options.startMs !== input.options.startMs) plan.reasons.unshift(keyframeReason(input.options, options))
      await run.reserve(plan.disk)
      run.log.info({ planHash: plan.hash, reasons: plan.reasons }, 'planned')
      return plan
    })
}

const keyframeReason = (wanted: JobOptions, found: JobOptions): string => {
  const [from, at] = [wanted, found].map(({ startMs = 0 }) => `${(startMs / 1_000).toFixed(3)} s`)
  return `It is wanted from ${from} on; the last keyframe before that lies at ${at}.`
}

/** A picture that is copied can only begin with a keyframe. */
const fromKeyframe = async (
  context: ToolContext,
  { probed: { facts }, preset, options }: PlanInput,
  pathOf: () => Promise<string>,
): Promise<JobOptions> => {
  const { startMs } = options
  if (PRESETS[preset].video !== 'source' || !facts.video || !startMs || startMs >= facts.durationMs) return options
  const { streamIndex } = facts.video
  return { ...options, startMs: await keyframeBefore(context, { path: await pathOf(), streamIndex, atMs: startMs }) }
}
