/** Epoch milliseconds with fractions: comparable between processes of one machine, which `Date.now()` is to 1 ms only. */
export const exactNow = (): number => performance.timeOrigin + performance.now()
