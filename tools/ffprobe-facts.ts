import type { AudioFacts, CoverFacts, SourceFacts, VideoFacts } from '../contract/source-facts.ts'
import {
  displayedSize,
  fractionOf,
  hasSquarePixels,
  isCover,
  rotationOf,
  streamDuration,
  streamType,
  type ProbeAnswer,
  type ProbedStream,
} from './ffprobe-answer.ts'
import type { PacketScan } from './ffprobe-packets.ts'
import type { Mp4Layout } from './mp4-boxes.ts'

/** The stream to show: the container's default, or else the largest picture; never cover art. */
export const mainVideo = (answer: ProbeAnswer): ProbedStream | null => {
  const shown = answer.streams.filter((stream) => streamType(stream) === 'video' && !isCover(stream))
  const area = (stream: ProbedStream): number => (stream.width ?? 0) * (stream.height ?? 0)
  return best(shown, (stream) => (stream.disposition.default ?? 0) * 1e9 + area(stream))
}

/** The sound to play: the default track that is neither a commentary nor a description for the blind. */
export const mainAudio = (answer: ProbeAnswer): ProbedStream | null => {
  const heard = answer.streams.filter((stream) => streamType(stream) === 'audio')
  const aside = ({ disposition }: ProbedStream): boolean =>
    disposition.comment === 1 || disposition.visual_impaired === 1 || disposition.descriptions === 1
  return best(heard, (stream) => (stream.disposition.default ?? 0) - (aside(stream) ? 2 : 0))
}

/** The first of the highest score. */
const best = (streams: readonly ProbedStream[], score: (stream: ProbedStream) => number): ProbedStream | null =>
  streams.reduce<ProbedStream | null>((top, stream) => (top && score(top) >= score(stream) ? top : stream), null)

/** Seconds a frame lasts where the stream states one rate; null where its two ways of stating it differ. */
export const statedFrameSeconds = (stream: ProbedStream): number | null => {
  const real = fractionOf(stream.r_frame_rate)
  const average = fractionOf(stream.avg_frame_rate)
  if (!real || !average || Math.abs(real - average) / average > 0.002) return null
  return 1 / real
}

export interface Measurements {
  answer: ProbeAnswer
  identity: string
  sizeBytes: number
  layout: Mp4Layout | null
  scan: PacketScan | null
  interlaced: boolean
}

/** Everything that was measured, as the planner wants it: milliseconds from the start of the container. */
export const sourceFacts = (measured: Measurements): SourceFacts => {
  const { answer, layout, scan } = measured
  const originMs = (answer.format.start_time ?? 0) * 1_000
  const video = mainVideo(answer)
  const audio = mainAudio(answer)
  const facts = video && scan && scan.frames > 0 ? videoFacts(video, { ...measured, scan, originMs }) : null
  const containerMs = answer.format.duration === null ? null : Math.round(answer.format.duration * 1_000)
  return {
    identity: measured.identity,
    container: answer.format.format_name,
    majorBrand: layout?.majorBrand ?? null,
    indexFirst: layout ? layout.indexFirst && !layout.fragmented : null,
    durationMs: containerMs ?? facts?.endMs ?? null,
    sizeBytes: measured.sizeBytes,
    video: facts,
    audio: audio ? audioFacts(audio, originMs) : null,
    cover: coverFacts(answer),
    streams: answer.streams.map((stream) => ({
      index: stream.index,
      type: streamType(stream),
      codec: stream.codec_name ?? 'unknown',
      cover: isCover(stream),
    })),
  }
}

const videoFacts = (
  stream: ProbedStream,
  { scan, interlaced, originMs }: { scan: PacketScan; interlaced: boolean; originMs: number },
): VideoFacts | null => {
  const size = displayedSize(stream)
  if (!size) return null
  const sinceOrigin = (seconds: number | null): number => Math.round((seconds ?? 0) * 1_000 - originMs)
  const startMs = scan.firstPts === null ? 0 : sinceOrigin(scan.firstPts)
  const endMs = scan.endPts === null ? startMs : sinceOrigin(scan.endPts)
  const toMs = (seconds: number | null): number | null => (seconds === null ? null : Math.round(seconds * 1_000))
  return {
    streamIndex: stream.index,
    codec: stream.codec_name ?? 'unknown',
    profile: stream.profile,
    level: stream.level,
    pixelFormat: stream.pix_fmt,
    ...size,
    squarePixels: hasSquarePixels(stream),
    rotation: rotationOf(stream),
    interlaced,
    dynamicRange: dynamicRangeOf(stream),
    dolbyVisionProfile: stream.side_data_list.find((data) => data.dv_profile !== undefined)?.dv_profile ?? null,
    colourSpace: stream.color_space,
    frameRate: scan.constantRate ? stream.r_frame_rate : null,
    frames: scan.frames,
    startMs,
    endMs,
    bitrateBps: stream.bit_rate ?? (endMs > startMs ? Math.round((scan.bytes * 8_000) / (endMs - startMs)) : null),
    keyframes: {
      count: scan.keyframes.count,
      medianGapMs: toMs(scan.keyframes.medianGap),
      longestGapMs: toMs(scan.keyframes.longestGap),
    },
  }
}

/** By the transfer function: SMPTE ST 2084 is HDR10's curve, ARIB STD-B67 is HLG. */
const dynamicRangeOf = (stream: ProbedStream): VideoFacts['dynamicRange'] => {
  if (stream.color_transfer === 'smpte2084') return 'hdr10'
  return stream.color_transfer === 'arib-std-b67' ? 'hlg' : 'sdr'
}

const audioFacts = (stream: ProbedStream, originMs: number): AudioFacts => {
  const duration = streamDuration(stream)
  return {
    streamIndex: stream.index,
    codec: stream.codec_name ?? 'unknown',
    profile: stream.profile,
    channels: stream.channels ?? 0,
    sampleRateHz: stream.sample_rate ?? 0,
    bitrateBps: stream.bit_rate,
    startMs: stream.start_time === null ? 0 : Math.round(stream.start_time * 1_000 - originMs),
    durationMs: duration === null ? null : Math.round(duration * 1_000),
  }
}

const coverFacts = (answer: ProbeAnswer): CoverFacts | null => {
  const cover = answer.streams.find(isCover)
  return cover ? { streamIndex: cover.index, width: cover.width || null } : null
}
