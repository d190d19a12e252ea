import { plainText } from '../contract/plain-text.ts'

/** Writes one text, of one line or several, and ends the line. */
export type WriteLine = (text: string) => void

/**
 * The way to what a person reads. Titles, addresses and reasons come from pages of strangers: nothing in them may steer the
 * terminal.
 */
export const writeLinesTo =
  (stream: Pick<NodeJS.WritableStream, 'write'>): WriteLine =>
  (text) =>
    void stream.write(`${text.split('\n').map(plainText).join('\n')}\n`)
