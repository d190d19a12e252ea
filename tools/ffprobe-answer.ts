import { z } from 'zod'
import { frameRateParts } from './frame-rate.ts'

/** ffprobe prints numbers as text, and leaves out or writes `N/A` for what it does not know. */
const numeric = z
  .union([z.string(), z.number()])
  .optional()
  .transform((value) => {
    const number = value === undefined ? Number.NaN : Number(value)
    return Number.isFinite(number) ? number : null
  })
const text = z
  .string()
  .optional()
  .transform((value) => (value === undefined || value === 'unknown' || value === 'N/A' ? null : value))

const sideData = z.looseObject({
  side_data_type: z.string().optional(),
  rotation: z.number().optional(),
  dv_profile: z.number().optional(),
})

const stream = z.looseObject({
  index: z.int(),
  codec_type: z.string().optional(),
  codec_name: text,
  profile: text,
  level: numeric,
  width: z.int().optional(),
  height: z.int().optional(),
  pix_fmt: text,
  field_order: text,
  color_space: text,
  color_transfer: text,
  color_primaries: text,
  sample_aspect_ratio: text,
  r_frame_rate: text,
  avg_frame_rate: text,
  start_time: numeric,
  duration: numeric,
  bit_rate: numeric,
  channels: z.int().optional(),
  sample_rate: numeric,
  sample_fmt: text,
  disposition: z.record(z.string(), z.number()).default({}),
  tags: z.record(z.string(), z.string()).default({}),
  side_data_list: z.array(sideData).default([]),
})

const answer = z.looseObject({
  streams: z.array(stream).default([]),
  format: z.looseObject({
    format_name: z.string(),
    start_time: numeric,
    duration: numeric,
    size: numeric,
    bit_rate: numeric,
    tags: z.record(z.string(), z.string()).default({}),
  }),
})

/** One stream as ffprobe describes it: seconds, bits a second, its own names. */
export type ProbedStream = z.infer<typeof stream>
/** What `ffprobe -show_format -show_streams -of json` prints, with numbers as numbers and gaps as null. */
export type ProbeAnswer = z.infer<typeof answer>

/** @throws ZodError when it is not what ffprobe prints. */
export const parseProbeAnswer = (json: unknown): ProbeAnswer => answer.parse(json)

/** `30000/1001` → 29.97…; null for `0/0` and what is no fraction. */
export const fractionOf = (value: string | null): number | null => {
  const { numerator, denominator } = frameRateParts(value ?? '')
  if (!numerator || !denominator) return null
  return numerator / denominator
}

/** `4:3` → 1.33…; 1 where the stream says nothing or nonsense, as players do. */
const pixelAspectOf = (value: string | null): number => {
  const [across, down] = (value ?? '').split(':').map(Number)
  return across && down ? across / down : 1
}

/** Degrees by which players turn the picture, 0–359, counter-clockwise as ffprobe counts. */
export const rotationOf = (of: ProbedStream): number => {
  const angle = of.side_data_list.find((data) => data.rotation !== undefined)?.rotation ?? 0
  return ((Math.round(angle) % 360) + 360) % 360
}

/** Size in pixels as players show it: pixel shape applied to the width, then the rotation. Null for sound. */
export const displayedSize = (of: ProbedStream): { width: number; height: number } | null => {
  if (!of.width || !of.height) return null
  const width = Math.max(1, Math.round(of.width * pixelAspectOf(of.sample_aspect_ratio)))
  return rotationOf(of) % 180 === 90 ? { width: of.height, height: width } : { width, height: of.height }
}

export const hasSquarePixels = (of: ProbedStream): boolean => pixelAspectOf(of.sample_aspect_ratio) === 1

/** By its own word, which many progressive recordings get wrong. */
export const statesInterlaced = ({ field_order: order }: ProbedStream): boolean =>
  order !== null && order !== 'progressive'

/** `und` is how ISO 639-2 writes that nobody said. */
export const languageOf = ({ tags }: ProbedStream): string | null =>
  tags.language === undefined || tags.language === 'und' ? null : tags.language

/** Cover art travels as a video stream of one picture. */
export const isCover = (of: ProbedStream): boolean =>
  of.codec_type === 'video' && (of.disposition.attached_pic === 1 || of.disposition.timed_thumbnails === 1)

export const streamType = (of: ProbedStream): 'video' | 'audio' | 'subtitle' | 'other' =>
  of.codec_type === 'video' || of.codec_type === 'audio' || of.codec_type === 'subtitle' ? of.codec_type : 'other'

/** Some containers carry streams that nothing can decode. */
export const isKnown = (stream: ProbedStream): boolean => stream.codec_name !== null && stream.codec_name !== 'none'

/** The first of the highest score. */
export const best = (streams: readonly ProbedStream[], score: (stream: ProbedStream) => number): ProbedStream | null =>
  streams.reduce<ProbedStream | null>((top, stream) => (top && score(top) >= score(stream) ? top : stream), null)
