import { z } from 'zod'

/**
 * A text that comes back as it was sent. NUL ends a text for databases and programs, and half of a surrogate pair is no
 * character: what is stored and sent on would be another text.
 */
export const isWholeText = (text: string): boolean => !/[\0\p{Cs}]/u.test(text)

/** Text of a client's own, at most `max` characters long. */
export const clientText = (max: number) =>
  z.string().max(max).refine(isWholeText, 'must not hold NUL characters or halves of surrogate pairs')
