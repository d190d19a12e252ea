import { SluiceError } from '../contract/failures.ts'

/** @throws SluiceError LimitExceeded above the limit; no limit where it is undefined. */
export const refuseTooLarge = (sizeBytes: number, limitBytes: number | undefined): void => {
  if (limitBytes === undefined || sizeBytes <= limitBytes) return
  const [size, limit] = [inUnits(sizeBytes), inUnits(limitBytes)]
  // Rounded they may look the same.
  const sizes = size === limit ? [`${sizeBytes} bytes`, `${limitBytes} bytes`] : [size, limit]
  throw new SluiceError('LimitExceeded', `The media are too large: ${sizes.join(' are more than the limit of ')}.`)
}

const UNITS = ['bytes', 'KiB', 'MiB', 'GiB', 'TiB'] as const

const inUnits = (bytes: number): string => {
  const power = Math.min(Math.max(0, Math.floor(Math.log2(bytes) / 10)), UNITS.length - 1)
  return `${(bytes / 1024 ** power).toFixed(power === 0 ? 0 : 1)} ${UNITS[power]}`
}
