import type { AudioFacts, CoverFacts, SourceFacts, VideoFacts } from '../contract/source-facts.ts'
import {
  best,
  isKnown,
  displayedSize,
  fractionOf,
  hasSquarePixels,
  isCover,
  languageOf,
  rotationOf,
  streamType,
  type ProbeAnswer,
  type ProbedStream,
} from './ffprobe-answer.ts'
import { NOTED_GAP_S, type PacketScan } from './ffprobe-packets.ts'
import { wordsOf } from './ffprobe-sounds.ts'
import { usualRate } from './frame-rate.ts'
import type { Mp4Layout } from './mp4-boxes.ts'

/** The stream to show: the container's default, or else the largest picture; never cover art. */
export const mainVideo = (answer: ProbeAnswer): ProbedStream | null => {
  const shown = answer.streams.filter((stream) => streamType(stream) === 'video' && !isCover(stream) && isKnown(stream))
  const area = (stream: ProbedStream): number => (stream.width ?? 0) * (stream.height ?? 0)
  return best(shown, (stream) => (stream.disposition.default ?? 0) * 1e9 + area(stream))
}

/** The rate as a fraction where the stream states one; null where its two ways of stating it differ. */
export const statedFrameRate = (stream: ProbedStream): string | null => {
  const real = fractionOf(stream.r_frame_rate)
  const average = fractionOf(stream.avg_frame_rate)
  return !real || !average || Math.abs(real - average) / average > 0.002 ? null : stream.r_frame_rate
}

/**
 * The rates that frames may have by what the stream says: its own, or the usual one nearest to its average where that is not
 * what it has, as where fields are counted or guesses were made of a clock.
 */
export const possibleRates = ({ r_frame_rate: real, avg_frame_rate: average }: ProbedStream): string[] => {
  const averaged = usualRate(fractionOf(average) ?? 0)
  const stated = fractionOf(real) === null || real === null ? [] : [real]
  return averaged === null || averaged === real ? stated : [...stated, averaged]
}

export interface ScannedSound {
  stream: ProbedStream
  scan: PacketScan
  /** Its own data says that channels or rate are others further on. */
  shapeChanges?: boolean
}

export interface Measurements {
  answer: ProbeAnswer
  identity: string
  sizeBytes: number
  layout: Mp4Layout | null
  /** Of the main picture; null where there is none. */
  videoScan: PacketScan | null
  /** Of the tracks that may be delivered, the one to play first. */
  sounds: readonly ScannedSound[]
  /** The scans count from the start of the container, by ffmpeg's corrections, and not by the container's own clock. */
  corrected?: boolean
  leastJumpS?: number | undefined
  looksFar?: boolean
  interlaced: boolean
}

/** Everything that was measured, as the planner wants it: milliseconds from the start of the container. */
export const sourceFacts = (measured: Measurements): SourceFacts => {
  const { answer, layout, videoScan } = measured
  const originMs = measured.corrected === true ? 0 : (answer.format.start_time ?? 0) * 1_000
  const shown = mainVideo(answer)
  const video =
    shown && videoScan && videoScan.frames > 0 ? videoFacts(shown, { ...measured, scan: videoScan, originMs }) : null
  // Where there is nothing in the one to play, the next one takes its place.
  const [audio = null, ...furtherAudio] = measured.sounds
    .filter(({ scan }) => scan.frames > 0)
    .map(({ stream, scan, shapeChanges = false }) => ({
      ...audioFacts(stream, { ...measured, scan, originMs }),
      ...(shapeChanges && { shapeChanges }),
    }))
  return {
    identity: measured.identity,
    container: answer.format.format_name,
    majorBrand: layout?.majorBrand ?? null,
    indexFirst: layout ? layout.indexFirst && !layout.fragmented : null,
    fragmented: layout?.fragmented ?? false,
    steadyClock: measured.corrected !== true,
    ...(measured.leastJumpS !== undefined && { leastJumpS: measured.leastJumpS }),
    ...(measured.looksFar === true && { looksFar: true }),
    durationMs: Math.max(0, video?.endMs ?? 0, audio?.endMs ?? 0),
    sizeBytes: measured.sizeBytes,
    video,
    audio,
    furtherAudio,
    cover: coverFacts(answer),
    streams: answer.streams.map((stream) => ({
      index: stream.index,
      type: streamType(stream),
      codec: stream.codec_name ?? 'unknown',
      cover: isCover(stream),
      language: languageOf(stream),
      ...wordsOf(stream),
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
  // Frames of one rate can be counted; slides may well stand for an hour.
  const counted = scan.absurd && scan.frameRate !== null
  const contentMs = Math.round(scan.content * 1_000)
  // Nothing says by how much decoding is ahead of showing.
  const aheadMs = scan.timed === 'none' ? startMs : 0
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
    colourPrimaries: stream.color_primaries,
    colourTransfer: stream.color_transfer,
    frameRate: scan.frameRate,
    longestFrameMs: toMs(scan.longestFrame) ?? 0,
    timed: counted ? 'absurd' : scan.timed,
    frames: scan.frames,
    startMs: counted ? 0 : startMs - aheadMs,
    endMs: counted ? contentMs : endMs - aheadMs,
    bitrateBps: stream.bit_rate ?? (endMs > startMs ? Math.round((scan.bytes * 8_000) / (endMs - startMs)) : null),
    keyframes: {
      count: scan.keyframes.count,
      medianGapMs: counted ? null : toMs(scan.keyframes.medianGap),
      longestGapMs: counted ? null : toMs(scan.keyframes.longestGap),
    },
    grid: scan.grid,
  }
}

/** By the transfer function: SMPTE ST 2084 is HDR10's curve, ARIB STD-B67 is HLG. */
const dynamicRangeOf = (stream: ProbedStream): VideoFacts['dynamicRange'] => {
  if (stream.color_transfer === 'smpte2084') return 'hdr10'
  return stream.color_transfer === 'arib-std-b67' ? 'hlg' : 'sdr'
}

const audioFacts = (
  stream: ProbedStream,
  { scan, originMs, corrected = false }: { scan: PacketScan; originMs: number; corrected?: boolean | undefined },
): AudioFacts => {
  const stated = corrected ? null : stream.start_time
  const startMs = scan.absurd ? 0 : Math.round((stated ?? scan.firstPts ?? 0) * 1_000 - originMs)
  const endMs = scan.endPts === null ? startMs : Math.round(scan.endPts * 1_000 - originMs)
  return {
    streamIndex: stream.index,
    codec: stream.codec_name ?? 'unknown',
    profile: stream.profile,
    channels: stream.channels ?? 0,
    sampleRateHz: stream.sample_rate ?? 0,
    bitrateBps: stream.bit_rate,
    leadMs: Math.round(scan.leadS * 1_000),
    absurd: scan.absurd,
    ...holesOf(scan, originMs),
    startMs,
    endMs: scan.absurd ? Math.round(scan.content * 1_000) : endMs,
  }
}

/** A player waits for less. */
const SHORTEST_HOLE_S = 0.1
/** Each takes filters of its own, and a workflow's history keeps them. */
const MOST_HOLES = 32

const holesOf = (
  { absurd, gaps, longestGap, firstPts }: PacketScan,
  originMs: number,
): Pick<AudioFacts, 'longestHoleMs' | 'holes'> => {
  if (absurd) return {}
  const toMs = (seconds: number): number => Math.round(seconds * 1_000 - originMs)
  const before = firstPts === null ? [] : [{ fromS: originMs / 1_000, toS: firstPts }]
  const holes = [...before, ...gaps]
    .filter(({ fromS, toS }) => toS - fromS >= NOTED_GAP_S)
    .toSorted((a, b) => b.toS - b.fromS - (a.toS - a.fromS))
    .slice(0, MOST_HOLES)
    .toSorted((a, b) => a.fromS - b.fromS)
    .map(({ fromS, toS }) => ({ fromMs: toMs(fromS), toMs: toMs(toS) }))
  return {
    ...(longestGap > SHORTEST_HOLE_S && { longestHoleMs: Math.round(longestGap * 1_000) }),
    ...(holes.length > 0 && { holes }),
  }
}

const coverFacts = (answer: ProbeAnswer): CoverFacts | null => {
  const cover = answer.streams.find(isCover)
  return cover ? { streamIndex: cover.index, width: cover.width || null } : null
}
