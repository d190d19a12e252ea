import { SluiceError } from '../contract/failures.ts'

/** Where a page ended: the row's time (epoch ms) and id, and the order it was read in. */
export interface PagePosition {
  order: string
  time: number
  id: string
}

/** Opaque to clients, so that it may change. */
export const encodeCursor = ({ order, time, id }: PagePosition): string =>
  Buffer.from(JSON.stringify([order, time, id])).toString('base64url')

/** @throws SluiceError InvalidRequest for anything that {@link encodeCursor} did not give for this order. */
export const decodeCursor = (cursor: string, order: string): PagePosition => {
  const parts = parse(cursor)
  if (Array.isArray(parts) && parts.length === 3) {
    const [givenOrder, time, id] = parts as unknown[]
    const position = { order, time, id }
    if (givenOrder === order && Number.isSafeInteger(time) && typeof id === 'string') return position as PagePosition
  }
  throw new SluiceError('InvalidRequest', 'This cursor is not one that this list gave.')
}

const parse = (cursor: string): unknown => {
  if (!/^[\w-]+$/.test(cursor)) return null
  try {
    return JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'))
  } catch {
    return null
  }
}
