/** How much has come and how fast. */
export interface Reading {
  doneBytes: number
  totalBytes: number | null
  bytesPerSecond: number | null
}

/** Readings closer than this tell people nothing more. */
const READING_EVERY_MS = 100
/** Long enough to be steady, short enough to follow a line that changes. */
const WINDOW_MS = 3_000

/** Turns the arrival of bytes into readings: at most ten a second, with the rate of the last seconds. */
export const createMeter = (onReading: (reading: Reading) => void, now: () => number = () => performance.now()) => {
  const window = [{ at: now(), arrived: 0 }]
  let arrived = 0
  let toldAt = Number.NEGATIVE_INFINITY
  const tell = (doneBytes: number, totalBytes: number | null): void => {
    const at = now()
    toldAt = at
    window.push({ at, arrived })
    while (window.length > 2 && at - (window[0]?.at ?? at) > WINDOW_MS) window.shift()
    const first = window[0] ?? { at, arrived }
    const rate = at === first.at ? 0 : (1_000 * (arrived - first.arrived)) / (at - first.at)
    onReading({ doneBytes, totalBytes, bytesPerSecond: rate > 0 ? Math.round(rate) : null })
  }
  return {
    /** `position` is where the file is by now, which steps back where a download begins anew. */
    arrived: (bytes: number, position: number, totalBytes: number | null): void => {
      arrived += bytes
      if (now() - toldAt >= READING_EVERY_MS) tell(position, totalBytes)
    },
    /** A reading at once. */
    tell,
  }
}
