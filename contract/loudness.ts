/** How loud sound is and what is done about it. No zod here: workflows read these types inside their sandbox. */

/** Integrated loudness by ITU-R BS.1770 and EBU R 128, and the true peak that must not be passed. What podcasts and phones are made for. */
export const LOUDNESS_TARGET = { integratedLufs: -16, truePeakDbtp: -1.5 } as const

/** A lossy encoder puts peaks higher than it was given them: measured up to 0.4 dB. */
export const ENCODER_ROOM_DB = 0.5

/** What the plan has done about the loudness of sound that is encoded. */
export interface LoudnessPlan {
  integratedLufs: number
  truePeakDbtp: number
  /** Sound that could be copied and is no further from the target stays a copy, in LU; null where it has to be encoded anyhow. */
  copyWithinLu: number | null
}

/** As EBU R 128 measures a whole track. */
export interface MeasuredLoudness {
  /** Null: silence. */
  integratedLufs: number | null
  /** Below it sound was too quiet to count. */
  thresholdLufs: number
  rangeLu: number
  /** Null: silence. */
  truePeakDbtp: number | null
}

/** What was measured, before any change, and what was done. */
export interface Loudness extends MeasuredLoudness {
  /** `gain`: all of it by `gainDb`; `compressed`: loud parts less than quiet ones, as peaks would be too high; `none`: nothing. */
  change: 'gain' | 'compressed' | 'none'
  gainDb: number
  /** What holding the peaks took off is given back in front of the limiter; measured, and 0 where nothing is compressed. */
  offsetDb: number
  /** The source's own stream is delivered. */
  copied: boolean
  /** A short sentence. */
  reason: string
}
