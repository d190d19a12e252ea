/**
 * How presets have pictures and sound encoded, as data: nothing else knows one codec's numbers from another's. No zod here:
 * workflows read this inside their sandbox.
 */

export const VIDEO_CODECS = ['h264', 'vp9', 'av1'] as const
export type VideoCodec = (typeof VIDEO_CODECS)[number]
export type AudioCodec = 'aac' | 'mp3' | 'opus'

/** For pictures whose shorter side has up to `side` pixels; those beyond the last one get what it says. */
export interface SideQuality {
  side: number
  /** On the encoder's own scale: numbers of different codecs cannot be compared. */
  crf: number
  /** Cap on the bits a second that hard scenes may cost, at up to 30 frames a second; null for none. */
  maxrateBps: number | null
}

export interface PictureQuality {
  codec: VideoCodec
  /** The encoder's own word for how much work it does. */
  speed: string
  /** The highest tools of H.264 that the result may need; other codecs have one profile for each depth. */
  profile: 'main' | 'high'
  /** `standard`: 8 bits of BT.709, high dynamic range tone-mapped; `source`: 10 bits, and the range of the source. */
  range: 'standard' | 'source'
  /** Frames a second at most; of a source with more every second, third … is taken. */
  highestRate: number
  /** A source that needs more bits or has more frames a second than an encode may is encoded, even if it fits otherwise. */
  small: boolean
  /** CPU-milliseconds to encode a million pixels. */
  costPerMegapixel: number
  /** Smallest side first. */
  sides: readonly SideQuality[]
}

const sides = (...rows: readonly [side: number, crf: number, maxrateKbps: number | null][]): SideQuality[] =>
  rows.map(([side, crf, kbps]) => ({ side, crf, maxrateBps: kbps === null ? null : kbps * 1_000 }))

/** Screens show no more, and H.264's levels count frames. */
const SCREEN_RATE = 60
/** What hand-held and old screens show, and what level 3.1 has room for at 720 lines. */
const PHONE_RATE = 30

/**
 * What browsers play everywhere. `veryfast`: measured on 10 s of moving 720p at CRF 22, 14.7 CPU-seconds and SSIM 0.951,
 * against 21.5 and 0.954 for `fast` and 27.1 and 0.953 for `medium`, both with larger files.
 */
export const STANDARD: PictureQuality = {
  codec: 'h264',
  speed: 'veryfast',
  profile: 'high',
  range: 'standard',
  highestRate: SCREEN_RATE,
  small: false,
  costPerMegapixel: 30,
  sides: sides(
    [144, 24, 200],
    [240, 24, 400],
    [360, 23, 800],
    [480, 23, 1_400],
    [720, 22, 2_800],
    [1080, 22, 5_000],
    [1440, 22, 9_000],
    [2160, 22, 16_000],
  ),
}

/**
 * Measured on 5 s of animated 720p: CRF 18 at `fast` has VMAF 97.0 for 5.8 CPU-seconds, `medium` 97.2 for 7.4 at the same size;
 * what `web` makes of it has 91.6. Caps are what decoders of the usual level (4.1, 5.1) have to keep up with, halved.
 */
export const HIGH: PictureQuality = {
  ...STANDARD,
  speed: 'fast',
  costPerMegapixel: 55,
  sides: sides([480, 18, 6_000], [720, 18, 12_000], [1080, 18, 25_000], [1440, 18, 40_000], [2160, 18, 60_000]),
}

/** Main profile and few frames, for decoders and batteries of any age. */
export const MOBILE: PictureQuality = {
  ...STANDARD,
  speed: 'fast',
  profile: 'main',
  highestRate: PHONE_RATE,
  small: true,
  costPerMegapixel: 55,
  sides: sides([240, 25, 300], [360, 24, 600], [480, 24, 1_000], [720, 24, 2_000]),
}

/** As small as H.264 looks bearable: it has to open wherever it is sent to. */
export const SMALL: PictureQuality = {
  ...STANDARD,
  speed: 'medium',
  highestRate: PHONE_RATE,
  small: true,
  costPerMegapixel: 65,
  sides: sides([240, 29, 200], [360, 28, 350], [480, 28, 600]),
}

/**
 * libvpx in its `realtime` way at speed 5: measured on the same clip, 5.5 CPU-seconds and 958 kB for VMAF 92.3, where `good` at
 * its fastest takes 19.7 for 932 kB and 92.9.
 */
export const WEBM: PictureQuality = {
  ...STANDARD,
  codec: 'vp9',
  speed: '5',
  costPerMegapixel: 50,
  sides: sides(
    [240, 34, 300],
    [360, 33, 600],
    [480, 32, 1_000],
    [720, 31, 2_000],
    [1080, 31, 3_800],
    [2160, 31, 12_000],
  ),
}

/**
 * SVT-AV1, measured on the same clip: preset 8 takes 8.5 CPU-seconds at CRF 30 for VMAF 94.2, 6 takes 15.2 for as much in four
 * fifths of the size, 10 takes 3.7 for 92.4. In 10 bits even for 8-bit sources: gradients keep their steps apart. No cap: what
 * is kept for good is not thinned out where it is hard.
 */
export const ARCHIVE: PictureQuality = {
  ...STANDARD,
  codec: 'av1',
  speed: '8',
  range: 'source',
  // The most that the encoder takes.
  highestRate: 240,
  costPerMegapixel: 70,
  sides: sides([2160, 24, null]),
}
