import { createHash } from 'node:crypto'

/** Of any texts, as a key of fixed length: MySQL can't index long ones. */
export const hashOf = (...texts: string[]): string => createHash('sha256').update(JSON.stringify(texts)).digest('hex')
