import { ENCODER_ROOM_DB, type Loudness, type LoudnessPlan, type MeasuredLoudness } from '../contract/loudness.ts'

/** The measure counts blocks of 400 ms and gates them by their mean: of so little it says nothing that one hears. */
const SHORTEST_MS = 3_000
/** A difference that nobody hears is not worth a change. */
const UNHEARD_LU = 0.5
/** A copy's peaks may be as much higher as an encoder would make them. */
const COPY_PEAK_ROOM_DB = 0.5

/**
 * What to do about a track of this loudness: the same gain for all of it where its peaks have room for that, else less of it for
 * what is loud; nothing for silence, for what is very short, and for a copy that is near enough.
 */
export const decideLevel = (
  measured: MeasuredLoudness,
  { integratedLufs: target, truePeakDbtp: highest, copyWithinLu }: LoudnessPlan,
  durationMs: number | null,
): Loudness => {
  const { integratedLufs, truePeakDbtp } = measured
  const left = (reason: string): Loudness => {
    return { ...measured, change: 'none', gainDb: 0, offsetDb: 0, copied: copyWithinLu !== null, reason }
  }
  if (integratedLufs === null || truePeakDbtp === null) return left('The sound is silent and is left as it is.')
  if (durationMs !== null && durationMs < SHORTEST_MS)
    return left(`The sound is left as loud as it is: ${SHORTEST_MS / 1_000} s are the least that is measured.`)
  const gainDb = Math.round((target - integratedLufs) * 10) / 10
  const found = `${integratedLufs.toFixed(1)} LUFS, ${truePeakDbtp.toFixed(1)} dBTP`
  if (copyWithinLu !== null && Math.abs(gainDb) <= copyWithinLu && truePeakDbtp <= highest + COPY_PEAK_ROOM_DB)
    return left(`The sound is near enough to ${target} LUFS (${found}) and is copied without loss.`)
  const changed = { ...measured, gainDb, offsetDb: 0, copied: false }
  if (truePeakDbtp + gainDb <= highest - ENCODER_ROOM_DB) {
    if (Math.abs(gainDb) <= UNHEARD_LU)
      return { ...changed, change: 'none', gainDb: 0, reason: `The sound already is at ${target} LUFS (${found}).` }
    const by = `${gainDb > 0 ? 'louder' : 'quieter'} by ${Math.abs(gainDb).toFixed(1)} dB`
    return { ...changed, change: 'gain', reason: `The sound (${found}) is made ${by}, to ${target} LUFS.` }
  }
  const reason = `The sound (${found}) is brought to ${target} LUFS, its peaks held at ${highest} dBTP.`
  return { ...changed, change: 'compressed', reason }
}

/** The limiter gives out after this much. */
const MOST_OFFSET_DB = 6

/** What is missing where compressed sound comes out quieter than the target. */
export const decideOffset = ({ integratedLufs }: MeasuredLoudness, target: LoudnessPlan): number =>
  integratedLufs === null ? 0 : Math.max(0, Math.min(MOST_OFFSET_DB, target.integratedLufs - integratedLufs))
