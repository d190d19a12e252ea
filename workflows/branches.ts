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

/** The same promise at every call; nothing runs before the first. */
export const once = <O>(make: () => Promise<O>): (() => Promise<O>) => {
  let made: Promise<O> | null = null
  return () => (made ??= make())
}
