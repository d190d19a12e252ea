import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { SluiceError } from '../contract/failures.ts'
import type { Loudness } from '../contract/loudness.ts'
import type { AudioEncode } from '../contract/plan.ts'
import type { ToolProgress } from '../contract/progress.ts'
import type { TranscodeAudioInput, TranscodedAudio } from '../contract/steps.ts'
import { audioArgs, audioFileName } from '../tools/ffmpeg-audio.ts'
import { clockOf, type SourceClock } from '../tools/ffmpeg-input.ts'
import { plannedLanguage } from '../tools/ffmpeg-language.ts'
import { levelFilters, measureLoudness } from '../tools/ffmpeg-loudness.ts'
import { runFfmpeg } from '../tools/ffmpeg.ts'
import { checkDuration, probeOutput } from '../tools/ffprobe-output.ts'
import type { ToolContext } from '../tools/tool-context.ts'
import { decideLevel, decideOffset } from './plan-level.ts'
import { runStep, type StepDeps, type StepRun } from './step.ts'
import { toolContext } from './tool-context.ts'

/**
 * Encodes a sound track in one piece: an encoder's delay at every joint would be heard. Where it is brought to one loudness it is
 * measured first; what was measured or encoded before is taken as it is.
 */
export const createTranscodeAudio =
  (deps: StepDeps) =>
  ({ ref, file, plan, sound: index }: TranscodeAudioInput): Promise<TranscodedAudio> =>
    runStep(deps, ref, async (run) => {
      const audio = plan.sounds[index]
      if (audio?.mode !== 'encode') throw new SluiceError('Internal', 'The plan has no sound to encode.')
      const sound: Sound = {
        audio,
        context: toolContext(deps, run),
        source: await deps.store.read(file.key),
        clock: clockOf(plan),
        totalMs: audio.expectedMs ?? plan.durationMs,
      }
      const folder = `${ref.jobId}/${plan.hash}`
      const loudness =
        audio.loudness && (await level(deps, run, { sound, key: `${folder}/${audio.name}-loudness.json` }))
      if (loudness?.copied === true) return { file: null, loudness }
      const key = `${folder}/${audioFileName(audio)}`
      const finished = await deps.store.find(key)
      if (finished) return { file: finished, loudness }

      const output = join(run.scratchDir, audioFileName(audio))
      const language = plannedLanguage(plan, audio.streamIndex)
      const filters = loudness && audio.loudness ? levelFilters(loudness, audio.loudness) : []
      await runFfmpeg(sound.context, {
        args: audioArgs({
          audio,
          language,
          source: sound.source,
          output,
          level: filters,
          clock: sound.clock,
        }),
        totalMs: sound.totalMs,
        onProgress: (progress) =>
          run.report(audio.loudness ? shared(progress, MEASURED_PART, 1 - MEASURED_PART) : progress),
      })
      const made = await probeOutput(sound.context, output)
      if (!made.streams.some((stream) => stream.type === 'audio') || !made.durationMs) {
        throw new SluiceError('OutputInvalid', 'The encoded sound is empty.')
      }
      checkDuration('The encoded sound', made.durationMs, audio.expectedMs)
      return { file: await deps.store.commit(output, key), loudness }
    })

interface Sound {
  audio: AudioEncode
  context: ToolContext
  source: string
  clock: SourceClock
  totalMs: number | null
}

/** Of the work on sound that is measured and then encoded. */
const MEASURED_PART = 0.4

/** A reading of one part of the work as one of all of it. */
const shared = (progress: ToolProgress, after: number, part: number): ToolProgress => {
  const { percent, total } = progress
  if (percent === null || total === null) return { ...progress, etaMs: null }
  const whole = 100 * after + part * percent
  return { ...progress, percent: whole, done: Math.round((total * whole) / 100), rate: null, etaMs: null }
}

/** What is to be done about the loudness, decided once: an attempt after this one finds it. */
const level = async (
  deps: StepDeps,
  run: StepRun,
  { sound, key }: { sound: Sound; key: string },
): Promise<Loudness | null> => {
  const { audio, context, source, clock, totalMs } = sound
  if (!audio.loudness) return null
  if (await deps.store.find(key)) return JSON.parse(await readFile(await deps.store.read(key), 'utf8')) as Loudness
  const common = { audio, source, clock, totalMs }
  const onProgress = (progress: ToolProgress): void => run.report(shared(progress, 0, MEASURED_PART))
  const measured = await measureLoudness(context, { ...common, onProgress })
  const loudness = decideLevel(measured, audio.loudness, totalMs)
  if (loudness.change === 'compressed') {
    const levelled = { ...common, level: levelFilters(loudness, audio.loudness), onProgress }
    loudness.offsetDb = decideOffset(await measureLoudness(context, levelled), audio.loudness)
  }
  run.log.info({ loudness }, 'measured')
  const path = join(run.scratchDir, 'loudness.json')
  await writeFile(path, JSON.stringify(loudness))
  await deps.store.commit(path, key)
  return loudness
}
