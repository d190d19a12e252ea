/** npm passes a Ctrl-C on to a process that had it from the terminal already: both come within a few milliseconds. */
const SAME_KEY_PRESS_MS = 500

/**
 * Turns the first Ctrl-C, SIGTERM or SIGHUP into an abort, and calls `again` at the next: whoever asks twice does not want
 * to wait.
 */
export const createStopSignal = (again: () => void): AbortSignal => {
  const stopping = new AbortController()
  let firstAt = 0
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(name, () => {
      if (!stopping.signal.aborted) {
        firstAt = performance.now()
        stopping.abort()
      } else if (performance.now() - firstAt > SAME_KEY_PRESS_MS) {
        again()
      }
    })
  }
  return stopping.signal
}
