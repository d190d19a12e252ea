import { cutText } from './cut-text.ts'
import { plainText } from './plain-text.ts'

/** Longer than any site's own limit for titles; what some give as one is the whole text of a post. In code points. */
const MAX_LENGTH = 500
/** One character may be a heap of marks without an end, so that what is looked at needs a limit of its own. In UTF-16 units. */
const LOOKED_AT = 8 * MAX_LENGTH

/**
 * A name that a page, a site or a file gave, as it is kept: one line of plain text, at most 500 code points long, cut between
 * characters as people see them. Empty where nothing is left.
 */
export const plainTitle = (text: string): string => {
  const line = plainText(text).replaceAll(/\s+/gu, ' ').trim()
  if (codePoints(line) <= MAX_LENGTH) return line
  // The room of one is for the sign of what is missing.
  const kept = cutText(line.slice(0, LOOKED_AT), MAX_LENGTH - 1, codePoints)
  return `${kept.trimEnd()}…`
}

const codePoints = (text: string): number => {
  let count = 0
  for (const _ of text) count += 1
  return count
}
