import type { ProbeSummary, StreamSummary } from '../contract/media.ts'
import {
  displayedSize,
  fractionOf,
  isCover,
  languageOf,
  streamType,
  type ProbeAnswer,
  type ProbedStream,
} from './ffprobe-answer.ts'
import { qualityScore } from './ffprobe-quality.ts'

/** What people ask of a file, out of what ffprobe says. */
export const summarise = (answer: ProbeAnswer): ProbeSummary => {
  const { format } = answer
  const streams = answer.streams.map(summariseStream)
  return {
    container: format.format_name,
    durationMs: toMs(format.duration),
    sizeBytes: format.size ?? 0,
    bitrateBps: format.bit_rate,
    startMs: toMs(format.start_time) ?? 0,
    quality: qualityScore(streams, format.bit_rate),
    streams,
  }
}

const summariseStream = (stream: ProbedStream): StreamSummary => {
  const type = streamType(stream)
  const size = type === 'video' ? displayedSize(stream) : null
  return {
    index: stream.index,
    type,
    codec: stream.codec_name ?? 'unknown',
    profile: stream.profile,
    width: size?.width ?? null,
    height: size?.height ?? null,
    frameRate: type === 'video' ? rounded(fractionOf(stream.avg_frame_rate)) : null,
    pixelFormat: type === 'video' ? stream.pix_fmt : null,
    channels: type === 'audio' ? (stream.channels ?? null) : null,
    sampleRateHz: type === 'audio' ? stream.sample_rate : null,
    bitrateBps: stream.bit_rate,
    language: languageOf(stream),
    attachedPicture: isCover(stream),
  }
}

const toMs = (seconds: number | null): number | null => (seconds === null ? null : Math.round(seconds * 1_000))
const rounded = (value: number | null): number | null => (value === null ? null : Math.round(value * 1_000) / 1_000)
