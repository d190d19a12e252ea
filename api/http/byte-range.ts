/**
 * A Range header as `send` takes it right. It refuses "the last N bytes" of a file with fewer, which is the whole file
 * (RFC 9110 §14.1.2), and answers HEAD with 206, where a range has no meaning (§14.2).
 * @returns undefined where there is nothing to heed.
 */
export const heedableRange = (method: string, header: string | undefined, sizeBytes: number): string | undefined => {
  if (method !== 'GET') return undefined
  return header?.replaceAll(/([=,]\s*)-(\d+)(?=\s*(?:,|$))/g, (suffix, before: string, count: string) =>
    Number(count) > sizeBytes ? `${before}0-` : suffix,
  )
}
