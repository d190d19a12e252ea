/**
 * Runs local activities one after the other. Two at once would end in an order that history does not keep: their markers say
 * what each returned, not which was first, so a replay could go another way and the job would be stuck.
 */
export const createQueue = () => {
  let last: Promise<unknown> = Promise.resolve()
  return <O>(call: () => Promise<O>): Promise<O> => {
    const next = last.then(call, call)
    last = next.catch(() => {})
    return next
  }
}
