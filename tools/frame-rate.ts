/** `30000/1001` → 30000 and 1001, `25` → 25 and 1. Zero or NaN where the text states none: who can't rely on a rate checks. */
export const frameRateParts = (frameRate: string): { numerator: number; denominator: number } => {
  const [numerator = Number.NaN, denominator = 1] = frameRate.split('/').map(Number)
  return { numerator, denominator }
}

/** Seconds that a frame lasts; NaN or Infinity where the text states no rate. */
export const secondsPerFrame = (frameRate: string): number => {
  const { numerator, denominator } = frameRateParts(frameRate)
  return denominator / numerator
}

/** What cameras, films and broadcasts have, as fractions. */
const USUAL_RATES: readonly string[] =
  '10/1 12/1 15/1 24000/1001 24/1 25/1 30000/1001 30/1 48/1 50/1 60000/1001 60/1 100/1 120000/1001 120/1'.split(' ')
/** Film and its 24000/1001 are twice as far apart. */
const SAME_RATE = 0.0005

/** The usual rate that a measured number of frames a second stands for; null where it is none. */
export const usualRate = (perSecond: number): string | null =>
  USUAL_RATES.find((rate) => isRate(perSecond, rate)) ?? null

/** Whether a measured number of frames a second stands for this rate. */
export const isRate = (perSecond: number, rate: string): boolean =>
  Math.abs(perSecond * secondsPerFrame(rate) - 1) < SAME_RATE

/** A container that counts milliseconds puts a frame up to 1 ms off on either side. */
const CLOCK_ROUNDING_S = 0.0021
/** A dropped frame here and there does not make a recording variable; in a short one, a single one. */
const IRREGULAR_PART = 0.01
const FEWEST_FOR_ONE = 20
/** Frames that all last a little longer than the rate says would add up to one that is shown twice. */
const DRIFT_PART = 0.002

/**
 * The first of `rates` at which all frames last equally long, within the rounding of a clock of milliseconds; null where none is.
 * @param gaps seconds between neighbours, ascending.
 */
export const constantRateOf = (gaps: Float64Array, rates: readonly string[]): string | null =>
  rates.find((rate) => isConstant(gaps, secondsPerFrame(rate))) ?? null

const isConstant = (gaps: Float64Array, frameSeconds: number): boolean => {
  if (!Number.isFinite(frameSeconds) || frameSeconds <= 0) return false
  const regular = gaps.filter((gap) => Math.abs(gap - frameSeconds) <= CLOCK_ROUNDING_S)
  const most = Math.max(gaps.length * IRREGULAR_PART, gaps.length < FEWEST_FOR_ONE ? 0 : 1)
  if (gaps.length - regular.length > most) return false
  const expected = regular.length * frameSeconds
  const lasting = regular.reduce((sum, gap) => sum + gap, 0)
  return Math.abs(lasting - expected) <= CLOCK_ROUNDING_S + expected * DRIFT_PART
}
