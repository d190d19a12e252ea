import { CancellationScope, isCancellation } from '@temporalio/workflow'

/**
 * Runs branches side by side. The first to fail cancels the others; all have ended when this settles.
 * @throws the failure that came first, not the cancellations it caused.
 */
export const allOrCancel = <O>(branches: (() => Promise<O>)[]): Promise<O[]> =>
  CancellationScope.cancellable(async () => {
    const scope = CancellationScope.current()
    const failures: unknown[] = []
    const results = await Promise.all(
      branches.map((branch) =>
        branch().then(
          (value) => ({ value }),
          (error: unknown) => {
            failures.push(error)
            scope.cancel()
            return null
          },
        ),
      ),
    )
    if (failures.length > 0) throw failures.find((failure) => !isCancellation(failure)) ?? failures[0]
    return results.filter((result) => result !== null).map(({ value }) => value)
  })

/**
 * Makes `count` items in order, so many at once as there are lanes. Fails as {@link allOrCancel} does.
 * @returns the items in order.
 */
export const inLanes = async <O>(
  { lanes, count }: { lanes: number; count: number },
  make: (index: number) => Promise<O>,
): Promise<O[]> => {
  const made = new Map<number, O>()
  let next = 0
  const lane = async (): Promise<void> => {
    while (next < count) {
      const index = next
      next += 1
      made.set(index, await make(index))
    }
  }
  await allOrCancel(Array.from({ length: Math.min(lanes, count) }, () => lane))
  return [...made].toSorted(([one], [other]) => one - other).map(([, item]) => item)
}

/** The same promise at every call; nothing runs before the first. */
export const once = <O>(make: () => Promise<O>): (() => Promise<O>) => {
  let made: Promise<O> | null = null
  return () => (made ??= make())
}
