import { join } from 'node:path'
import { SluiceError } from '../contract/failures.ts'
import type { StoredFile, TranscodeAudioInput } from '../contract/steps.ts'
import { audioArgs, audioFileName } from '../tools/ffmpeg-audio.ts'
import { plannedLanguage } from '../tools/ffmpeg-language.ts'
import { runFfmpeg } from '../tools/ffmpeg.ts'
import { checkDuration, probeOutput } from '../tools/ffprobe-output.ts'
import { runStep, type StepDeps } from './step.ts'
import { toolContext } from './tool-context.ts'

/** Encodes the sound in one piece: an encoder's delay at every joint would be heard. */
export const createTranscodeAudio =
  (deps: StepDeps) =>
  ({ ref, file, plan }: TranscodeAudioInput): Promise<StoredFile> =>
    runStep(deps, ref, async (run) => {
      const { audio } = plan
      if (audio.mode !== 'encode') throw new SluiceError('Internal', 'The plan has no sound to encode.')
      const key = `${ref.jobId}/${plan.hash}/${audioFileName(audio)}`
      const finished = await deps.store.find(key)
      if (finished) return finished

      const context = toolContext(deps, run)
      const output = join(run.scratchDir, audioFileName(audio))
      const source = await deps.store.read(file.key)
      const language = plannedLanguage(plan, audio.streamIndex)
      await runFfmpeg(context, {
        args: audioArgs({ audio, language, source, output }),
        totalMs: audio.expectedMs ?? plan.durationMs,
        onProgress: (progress) => run.report(progress),
      })
      const made = await probeOutput(context, output)
      if (!made.streams.some((stream) => stream.type === 'audio') || !made.durationMs) {
        throw new SluiceError('OutputInvalid', 'The encoded sound is empty.')
      }
      checkDuration('The encoded sound', made.durationMs, audio.expectedMs)
      return deps.store.commit(output, key)
    })
