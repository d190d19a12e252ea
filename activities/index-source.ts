import { join } from 'node:path'
import { SluiceError } from '../contract/failures.ts'
import type { IndexSourceInput, StoredFile } from '../contract/steps.ts'
import { indexArgs } from '../tools/ffmpeg-index.ts'
import { clockOf } from '../tools/ffmpeg-input.ts'
import { runFfmpeg } from '../tools/ffmpeg.ts'
import { probeOutput } from '../tools/ffprobe-output.ts'
import { runStep, type StepDeps } from './step.ts'
import { toolContext } from './tool-context.ts'

/**
 * Copies the picture of a source without an index into a file that has one, so that chunks find their beginnings. Fails with
 * OutputInvalid where frames are lost by it; the picture is then encoded in one piece.
 */
export const createIndexSource =
  (deps: StepDeps) =>
  ({ ref, file, plan }: IndexSourceInput): Promise<StoredFile> =>
    runStep(deps, ref, async (run) => {
      const { video } = plan
      if (video.mode !== 'encode') throw new SluiceError('Internal', 'The plan has no picture to encode.')
      const key = `${ref.jobId}/${plan.hash}/indexed.mov`
      const finished = await deps.store.find(key)
      if (finished) return finished
      const output = join(run.scratchDir, 'indexed.mov')
      const context = toolContext(deps, run)
      const source = await deps.store.read(file.key)
      await runFfmpeg(context, {
        args: indexArgs({ source, streamIndex: video.streamIndex, output, clock: clockOf(plan) }),
        totalMs: video.expectedMs,
        onProgress: (progress) => run.report(progress),
      })
      const [made] = (await probeOutput(context, output)).streams
      if (made?.frames !== video.sourceFrames) {
        const counted = `${made?.frames ?? 0} of ${video.sourceFrames}`
        throw new SluiceError('OutputInvalid', `Only ${counted} frames of the source could be copied.`)
      }
      return deps.store.commit(output, key)
    })
