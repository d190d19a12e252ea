/**
 * Calls without an answer yet, to be given up together. Each has a signal of its own: the client never takes its listeners off
 * the one that it is given, and hundreds of cancellations may be under way at once.
 */
export interface OpenCalls {
  /** Runs `call` with a signal that `hangUp` aborts; one that has been aborted, after that. */
  run<T>(call: (signal: AbortSignal) => Promise<T>): Promise<T>
  hangUp(): void
}

export const createOpenCalls = (): OpenCalls => {
  const open = new Set<AbortController>()
  let hungUp = false
  return {
    run: async (call) => {
      const own = new AbortController()
      open.add(own)
      if (hungUp) own.abort()
      try {
        return await call(own.signal)
      } finally {
        open.delete(own)
      }
    },
    hangUp: () => {
      hungUp = true
      for (const own of open) own.abort()
    },
  }
}
