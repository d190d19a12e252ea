import { z } from 'zod'
import { PRESET_NAMES } from './presets.ts'

/** What ffprobe says, reduced to what people and the planner ask for. */
export const streamSummarySchema = z.object({
  index: z.int(),
  type: z.enum(['video', 'audio', 'subtitle', 'other']),
  codec: z.string(),
  profile: z.string().nullable(),
  /** Displayed size in pixels, rotation and pixel shape applied; null for sound. */
  width: z.int().nullable(),
  height: z.int().nullable(),
  frameRate: z.number().nullable().describe('Frames a second, on average'),
  pixelFormat: z.string().nullable(),
  channels: z.int().nullable(),
  sampleRateHz: z.int().nullable(),
  bitrateBps: z.int().nullable(),
  language: z.string().nullable(),
  attachedPicture: z.boolean().describe('Cover art carried as a video stream'),
})
export type StreamSummary = z.infer<typeof streamSummarySchema>

export const probeSummarySchema = z.object({
  container: z.string(),
  durationMs: z.int().nullable(),
  sizeBytes: z.int(),
  bitrateBps: z.int().nullable(),
  startMs: z.int().describe('Timestamp of the first frame; most files begin at 0'),
  quality: z.int().min(0).max(100).describe('A rough score of picture and sound for comparing sources'),
  streams: z.array(streamSummarySchema),
  loudness: z
    .object({
      integratedLufs: z.number().nullable().describe('Null for silence'),
      truePeakDbtp: z.number().nullable(),
      rangeLu: z.number(),
    })
    .nullable()
    .optional()
    .describe(
      'By EBU R 128, of the sound as the preset shapes it and before its loudness is changed; null where it was not measured',
    ),
})
export type ProbeSummary = z.infer<typeof probeSummarySchema>

/** What a file of a media is for. */
export const FILE_ROLES = [
  'main',
  'source',
  'hls',
  'dash',
  'segment',
  'poster',
  'storyboard',
  'storyboard-image',
  'probe',
  'manifest',
  'checksums',
] as const
export type FileRole = (typeof FILE_ROLES)[number]

export const mediaFileSchema = z.object({
  /** Path within the media, as `/media/{id}/files/{path}` serves it. */
  path: z.string(),
  role: z.enum(FILE_ROLES),
  contentType: z.string(),
  sizeBytes: z.int(),
  sha256: z.string().nullable().describe('Hex; null for the checksums file itself'),
  width: z.int().nullable(),
  height: z.int().nullable(),
  url: z.string(),
})
export type MediaFile = z.infer<typeof mediaFileSchema>

export const mediaSchema = z
  .object({
    id: z.uuid(),
    jobId: z.string(),
    title: z.string(),
    uploader: z.string().nullable(),
    site: z.string().nullable(),
    sourceUrl: z.string().nullable(),
    sourceId: z.string(),
    preset: z.enum(PRESET_NAMES),
    durationMs: z.int().nullable(),
    width: z.int().nullable(),
    height: z.int().nullable(),
    sizeBytes: z.int(),
    /** Path of the main file under the library folder: `<uploader>/<title> [<id>].<ext>`. */
    libraryPath: z.string(),
    passthrough: z.string().nullable(),
    owner: z.string(),
    probe: probeSummarySchema.nullable(),
    files: z.array(mediaFileSchema),
    createdAt: z.iso.datetime(),
  })
  .meta({ id: 'Media' })
export type Media = z.infer<typeof mediaSchema>

/** One format the source offers, as `POST /info` lists it. */
export const infoFormatSchema = z.object({
  id: z.string(),
  ext: z.string().nullable(),
  width: z.int().nullable(),
  height: z.int().nullable(),
  frameRate: z.number().nullable(),
  videoCodec: z.string().nullable(),
  audioCodec: z.string().nullable(),
  bitrateBps: z.int().nullable(),
  sizeBytes: z.int().nullable(),
  note: z.string().nullable(),
})

export const infoSchema = z
  .object({
    url: z.string(),
    title: z.string(),
    extractor: z.string(),
    id: z.string(),
    uploader: z.string().nullable(),
    durationMs: z.int().nullable(),
    live: z.boolean(),
    site: z.string(),
    thumbnailUrl: z.string().nullable(),
    formats: z.array(infoFormatSchema),
    cached: z.boolean(),
  })
  .meta({ id: 'Info' })
export type Info = z.infer<typeof infoSchema>
