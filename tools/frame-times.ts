import { statesFrameRate } from './matroska-rate.ts'

/** A picture whose frames last differently long. */
export interface FrameTimes {
  /** They are stored in the order in which they are shown. */
  inOrder: boolean
  /** Where the last one ends, from the start of the file; null where nobody knows it better than its own packet. */
  endMs: number | null
}

/** The clock of what is encoded: its times pass unchanged, and no frame is as short, so that each has its length written beside it. */
const CLOCK_HZ = 90_000

/**
 * Output options for stream `index`, with which the last frame lasts until the end: how long it does gets lost on the way out of a
 * fragmented MP4. Of all others MP4 counts until the next one, Matroska is told, as ffmpeg would write what it guesses of the rate.
 */
export const frameTimesArgs = (index: number, { inOrder, endMs }: FrameTimes, extension: string): string[] => {
  const told = statesFrameRate(extension) && inOrder
  const end = `${(endMs ?? 0) / 1_000}/TB`
  // MP4 adds up how long frames last from the first time of decoding.
  const from = told ? 'PTS' : 'DTS'
  const last = `if(gt(${end},${from}),${end}-${from},DURATION)`
  const lasting = `if(eq(NEXT_PTS,NOPTS),${last},${told ? 'NEXT_PTS-PTS' : 'DURATION'})`
  // A time that is not named would become that of decoding.
  return [
    ...(told ? [`-r:${index}`, `${CLOCK_HZ}`] : []),
    `-bsf:${index}`,
    `setts=pts=PTS:dts=DTS:duration='${lasting}'`,
  ]
}
