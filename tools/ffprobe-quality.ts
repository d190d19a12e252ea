import type { StreamSummary } from '../contract/media.ts'

/** Bits a pixel at which H.264 looks clean; newer codecs need about the given part of it. */
const CLEAN_BITS_PER_PIXEL = 0.1
const CODEC_EFFICIENCY: Readonly<Record<string, number>> = { hevc: 0.6, vp9: 0.6, av1: 0.5, mpeg4: 1.5, mpeg2video: 2 }
/** Shorter side at which more pixels stop counting. */
const FULL_HEIGHT = 2160

const part = (value: number): number => Math.max(0, Math.min(1, value))

/**
 * A rough 0–100 for comparing sources of the same thing: how large the picture is, whether its bits suffice for that size,
 * how smoothly it moves, and how good the sound is. Sound alone is judged by the sound.
 */
export const qualityScore = (streams: readonly StreamSummary[], totalBps: number | null): number => {
  const video = streams.find((stream) => stream.type === 'video' && !stream.attachedPicture)
  const audio = streams.find((stream) => stream.type === 'audio')
  if (!video) return audio ? Math.round(100 * soundScore(audio, totalBps)) : 0
  const sound = audio ? soundScore(audio, null) : 0
  return Math.round(100 * (0.85 * pictureScore(video, totalBps) + 0.15 * sound))
}

const pictureScore = (video: StreamSummary, totalBps: number | null): number => {
  const { width, height } = video
  if (!width || !height) return 0
  const rate = video.frameRate ?? 25
  const bitrate = video.bitrateBps ?? totalBps
  // By the logarithm, as twice the height is one step better: 240 lines give 0.4, 1080 give 0.82.
  const size = part(Math.log2(Math.min(width, height) / 60) / Math.log2(FULL_HEIGHT / 60))
  const needed = CLEAN_BITS_PER_PIXEL * (CODEC_EFFICIENCY[video.codec] ?? 1) * width * height * rate
  const clean = bitrate === null ? 0.6 : part(Math.sqrt(bitrate / needed))
  const smooth = part(rate / 24)
  return size * (0.25 + 0.55 * clean + 0.2 * smooth)
}

const soundScore = (audio: StreamSummary, totalBps: number | null): number => {
  const lossless = /^(flac|alac|pcm_|wavpack|tta|truehd)/.test(audio.codec)
  const perChannel = (audio.bitrateBps ?? totalBps ?? 96_000) / Math.max(1, Math.min(2, audio.channels ?? 2))
  const clean = lossless ? 1 : part(Math.sqrt(perChannel / 96_000))
  const bandwidth = part((audio.sampleRateHz ?? 44_100) / 44_100)
  const stereo = (audio.channels ?? 1) > 1 ? 1 : 0.8
  return clean * bandwidth * stereo
}
