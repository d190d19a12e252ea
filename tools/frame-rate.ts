/** `30000/1001` → 30000 and 1001, `25` → 25 and 1. Zero or NaN where the text states none: who can't rely on a rate checks. */
export const frameRateParts = (frameRate: string): { numerator: number; denominator: number } => {
  const [numerator = Number.NaN, denominator = 1] = frameRate.split('/').map(Number)
  return { numerator, denominator }
}
