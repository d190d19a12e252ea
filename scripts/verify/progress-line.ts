import type { WriteStream } from 'node:tty'

const EVERY_MS = 500
const MB = 1_000_000

/** One line that is written again and again on a terminal; nothing where nobody looks. */
export const showProgress = (stream: Pick<WriteStream, 'isTTY' | 'write'>, totalBytes: number) => {
  let done = 0
  let shownAt = 0
  return {
    add: (bytes: number): void => {
      done += bytes
      const now = performance.now()
      if (!stream.isTTY || now - shownAt < EVERY_MS) return
      shownAt = now
      const percent = totalBytes === 0 ? 100 : Math.min(100, Math.floor((100 * done) / totalBytes))
      stream.write(`\r${percent} %  ${Math.round(done / MB)} of ${Math.round(totalBytes / MB)} MB \u001b[K`)
    },
    end: (): void => {
      if (stream.isTTY && shownAt > 0) stream.write('\r\u001b[K')
    },
  }
}
