import { summaryText } from '../contract/activity-summary.ts'
import type { MediaPlan, VideoEncode } from '../contract/plan.ts'
import type { StoredFile, TranscodedChunk } from '../contract/steps.ts'
import { indexSource, transcodeChunk } from './activity-proxies.ts'
import { allOrCancel, inLanes } from './branches.ts'
import { failureOf, type JobRun } from './job-run.ts'
import { attemptPart, runParts } from './run-step.ts'
import { encodeSounds, type EncodedSounds } from './transcode-sounds.ts'

export interface Making {
  file: StoredFile
  plan: MediaPlan
  title: string
}

export interface Encoded extends EncodedSounds {
  chunks: TranscodedChunk[]
}

/** Chunks that wait for a slot of a worker or have one: enough for a few workers, and room for other jobs between them. */
const CHUNKS_AT_ONCE = 4

/** Of a picture's work what a sound track needs. */
const SOUND_WORK = 1 / 9

/** Encodes what the plan says: sound in one piece, the picture in chunks beside it. */
export const transcode = async (run: JobRun, { file, plan }: Making): Promise<Encoded> => {
  const video = plan.video.mode === 'encode' ? plan.video : null
  const soundWork = plan.sounds.filter(({ mode }) => mode === 'encode').length * SOUND_WORK
  const made: Encoded = { plan, chunks: [], sounds: plan.sounds.map(() => null) }
  if (!video && soundWork === 0) {
    run.setStep('transcode', { state: 'skipped' })
    return made
  }
  const share = video ? 1 / (1 + soundWork) : 0
  return runParts(run, 'transcode', async () => {
    await allOrCancel([
      async () => {
        if (video) made.chunks = await encodeVideo(run, { file, plan, video, share })
      },
      async () => {
        if (soundWork > 0) Object.assign(made, await encodeSounds(run, { file, plan, share: 1 - share }))
      },
    ])
    return made
  })
}

interface Picture {
  file: StoredFile
  plan: MediaPlan
  video: VideoEncode
  /** Of the step's work, 0–1. */
  share: number
}

/** In chunks; in one piece where these turn out not to fit together. */
const encodeVideo = async (run: JobRun, picture: Picture): Promise<TranscodedChunk[]> => {
  try {
    return await encodeChunks(run, picture)
  } catch (error) {
    const { plan, video } = picture
    if (video.chunkStarts.length === 1 || failureOf(error, 'transcode').code !== 'OutputInvalid') throw error
    const whole = { ...video, chunkStarts: [0], fromCopy: false }
    return encodeChunks(run, { ...picture, plan: { ...plan, video: whole }, video: whole })
  }
}

/** Of the encode's work, 0–1: a copy goes at the speed of the disk. */
const COPY_SHARE = 0.02

const encodeChunks = async (run: JobRun, picture: Picture): Promise<TranscodedChunk[]> => {
  const { file, plan, video } = picture
  if (!video.fromCopy) return encodePieces(run, picture)
  const copyShare = picture.share * COPY_SHARE
  const copy = await attemptPart(run, 'transcode', { name: 'copy', share: copyShare }, (ref) =>
    indexSource.executeWithOptions(run.scheduling('a copy with an index, to be cut'), [{ ref, file, plan }]),
  )
  return encodePieces(run, { ...picture, share: picture.share - copyShare }, copy)
}

const encodePieces = (run: JobRun, picture: Picture, copy?: StoredFile): Promise<TranscodedChunk[]> => {
  const { file, plan, video, share } = picture
  const names = video.renditions.map((rendition) => rendition.name).join('+')
  const count = video.chunkStarts.length
  let done = 0
  return inLanes({ lanes: CHUNKS_AT_ONCE, count }, async (chunk) => {
    const part = { name: `${names}/${chunk + 1}`, share: share / count }
    const made = await attemptPart(run, 'transcode', part, (ref) =>
      transcodeChunk.executeWithOptions(run.scheduling(summaryText(`${names} chunk ${chunk + 1}/${count}`)), [
        { ref, file, plan, chunk, ...(copy && { copy }) },
      ]),
    )
    done += 1
    run.setStep('transcode', { percent: Math.round((1_000 * share * done) / count) / 10 })
    return made
  })
}
