import { rm, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { SluiceError } from '../contract/failures.ts'
import { makesEverySound, PRESETS } from '../contract/presets.ts'
import type { Probed, ProbeInput } from '../contract/steps.ts'
import { carriesAdts, changesShape, copyAdtsArgs } from '../tools/adts-shape.ts'
import { confirmInterlaced } from '../tools/ffmpeg-idet.ts'
import { runFfmpeg } from '../tools/ffmpeg.ts'
import { probeSource, scanPackets } from '../tools/ffprobe.ts'
import { statesInterlaced, type ProbedStream } from '../tools/ffprobe-answer.ts'
import { expectedGrid, measureFit } from '../tools/ffprobe-fit.ts'
import { hasSteadyClock } from '../tools/ffmpeg-packets.ts'
import { mainVideo, possibleRates, sourceFacts, type Measurements, type ScannedSound } from '../tools/ffprobe-facts.ts'
import { allAudio } from '../tools/ffprobe-sounds.ts'
import { summarise } from '../tools/ffprobe-summary.ts'
import { hashFile } from '../tools/hash-file.ts'
import { readMp4Layout, type Mp4Layout } from '../tools/mp4-boxes.ts'
import { endedByItself, type ToolContext } from '../tools/tool-context.ts'
import { allEnded } from './all-ended.ts'
import { runStep, type StepDeps, type StepRun } from './step.ts'
import { toolContext } from './tool-context.ts'

/**
 * Reads what the source is, checks that it is whole, and measures what the planner decides by.
 * Fails with UnsupportedMedia where the file is empty, cut off, or no recording.
 */
export const createProbe =
  (deps: StepDeps) =>
  (input: ProbeInput): Promise<Probed> =>
    runStep(deps, input.ref, async (run) => {
      const path = await deps.store.read(input.file.key)
      if (input.file.sizeBytes === 0) throw new SluiceError('UnsupportedMedia', 'The file is empty.')
      const context = toolContext(deps, run)
      const { answer, raw, looksFar } = await probeSource(context, path)
      const layout = await readMp4Layout(path)
      refuseCutOff(layout, input.file.sizeBytes)
      const video = mainVideo(answer)
      const sounds = allAudio(answer).slice(0, makesEverySound(PRESETS[input.preset]) ? undefined : 1)
      if (!video && sounds.length === 0) {
        throw new SluiceError('UnsupportedMedia', 'There is neither picture nor sound in this file.')
      }
      const durationMs = answer.format.duration === null ? null : answer.format.duration * 1_000
      const container = answer.format.format_name
      const corrected = !hasSteadyClock(container)
      // Side by side: one walks through the file by another program, one by this, one looks at a few places.
      const [identity, scans, interlaced] = await allEnded([
        hashFile(path, { signal: run.signal, onBytes: run.alive }),
        scanStreams(run, context, { path, video, sounds, durationMs, container, corrected, looksFar }),
        video !== null && isInterlaced(context, { path, video, durationMs }),
      ])
      const sizeBytes = input.file.sizeBytes
      if (video && scans.videoScan && PRESETS[input.preset].delivery === 'stream') {
        scans.videoScan.grid = await measureFit(context, { path, answer, stream: video, scan: scans.videoScan })
      }
      const facts = sourceFacts({ answer, layout, identity, sizeBytes, ...scans, corrected, looksFar, interlaced })
      if (!facts.video && !facts.audio) {
        throw new SluiceError('UnsupportedMedia', 'The file announces picture or sound but holds none of it.')
      }
      return { summary: summarise(answer), facts, probeKey: await keepAnswer(deps, run, { input, raw }) }
    })

const refuseCutOff = (layout: Mp4Layout | null, sizeBytes: number): void => {
  if (!layout || layout.missingBytes === 0) return
  const whole = sizeBytes + layout.missingBytes
  throw new SluiceError('UnsupportedMedia', `The file is cut off: ${sizeBytes} of its ${whole} bytes are there.`)
}

interface StreamsOfFile {
  path: string
  video: ProbedStream | null
  /** The one to play first. */
  sounds: readonly ProbedStream[]
  durationMs: number | null
  container: string
  corrected: boolean
  looksFar: boolean
}

const scanStreams = async (
  run: StepRun,
  context: ToolContext,
  { path, video, sounds, durationMs, container, corrected, looksFar }: StreamsOfFile,
): Promise<Pick<Measurements, 'videoScan' | 'sounds' | 'leastJumpS'>> => {
  const streams = [
    ...(video ? [{ streamIndex: video.index, rates: possibleRates(video), grid: expectedGrid(video) }] : []),
    ...sounds.map(({ index }) => ({ streamIndex: index, rates: [] })),
  ]
  let reported = 0
  const { scans, leastJumpS } = await scanPackets(context, { path, streams, corrected, looksFar }, (seconds) => {
    const done = Math.round(seconds * 1_000)
    // A reading a minute of media is enough: thousands of minutes pass in a second.
    if (done - reported < 60_000) return
    reported = done
    const percent = durationMs ? (100 * done) / durationMs : null
    run.report({ unit: 'mediaMs', percent, done, total: durationMs, rate: null, etaMs: null })
  })
  const scanned: ScannedSound[] = []
  for (const [index, scan] of scans.slice(video ? 1 : 0).entries()) {
    const stream = sounds[index]
    if (!stream) continue
    const mayChange = carriesAdts(container) && stream.codec_name === 'aac'
    const shapeChanges = mayChange && (await changesOnTheWay(run, context, { path, stream, durationMs, looksFar }))
    scanned.push({ stream, scan, shapeChanges })
  }
  return { videoScan: video ? (scans[0] ?? null) : null, sounds: scanned, leastJumpS }
}

/** AAC that may be copied out of a container without a header for all of it. */
const changesOnTheWay = async (
  run: StepRun,
  context: ToolContext,
  {
    path,
    stream,
    durationMs,
    looksFar,
  }: Pick<StreamsOfFile, 'path' | 'durationMs' | 'looksFar'> & { stream: ProbedStream },
): Promise<boolean> => {
  const copy = join(run.scratchDir, 'sound.aac')
  const args = copyAdtsArgs({ path, looksFar }, stream.index, copy)
  try {
    await runFfmpeg(context, { args, totalMs: durationMs, onProgress: () => {} })
    return await changesShape(copy, run.signal)
  } catch (error) {
    // What cannot be copied here cannot be copied later; it may still be decoded.
    if (endedByItself(error)) return true
    throw error
  } finally {
    await rm(copy, { force: true })
  }
}

/** Looking at frames costs a decode, so only where the stream says that it is interlaced. */
const isInterlaced = async (
  context: ToolContext,
  { path, video, durationMs }: { path: string; video: ProbedStream; durationMs: number | null },
): Promise<boolean> =>
  statesInterlaced(video) && (await confirmInterlaced(context, { path, streamIndex: video.index, durationMs }))

/** The full answer is published; the path of this machine in it is nobody's business. */
const keepAnswer = async (
  deps: StepDeps,
  run: StepRun,
  { input, raw }: { input: ProbeInput; raw: string },
): Promise<string> => {
  const answer = JSON.parse(raw) as { format: { filename: string } }
  answer.format.filename = basename(input.file.key)
  const file = join(run.scratchDir, 'probe.json')
  await writeFile(file, `${JSON.stringify(answer, null, 2)}\n`)
  const stored = await deps.store.commit(file, `${input.ref.jobId}/probe.json`)
  return stored.key
}
