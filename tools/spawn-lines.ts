import { StringDecoder } from 'node:string_decoder'

/** A "line" longer than this is not text for people or parsers; it is handed on in pieces. */
const MAX_LINE_CHARS = 64 * 1024

/**
 * Cuts a stream of bytes into lines. A carriage return ends a line too: progress displays rewrite one line with it.
 * Empty lines are left out.
 */
export const createLineSplitter = (onLine: (line: string) => void) => {
  const decoder = new StringDecoder('utf8')
  let rest = ''
  const emit = (text: string): void => {
    const lines = (rest + text).split(/[\r\n]+/)
    rest = lines.pop() ?? ''
    if (rest.length > MAX_LINE_CHARS) {
      lines.push(rest)
      rest = ''
    }
    for (const line of lines) if (line !== '') onLine(line)
  }
  return {
    write: (chunk: Uint8Array): void => emit(decoder.write(chunk)),
    /** Hands on what came after the last line end. */
    end: (): void => emit(`${decoder.end()}\n`),
  }
}
