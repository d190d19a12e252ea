/**
 * Like `Promise.all`, but settles only when all have ended: a step must leave nothing running behind it.
 * @throws the failure of the first in order.
 */
export const allEnded = async <const T extends readonly unknown[]>(
  work: T,
): Promise<{ -readonly [I in keyof T]: Awaited<T[I]> }> => {
  await Promise.allSettled(work)
  return Promise.all(work)
}
