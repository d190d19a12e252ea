import { SluiceError } from '../contract/failures.ts'

const MIB = 1024 ** 2

/** @throws SluiceError LimitExceeded above the limit; no limit where it is undefined. */
export const refuseTooLarge = (sizeBytes: number, limitBytes: number | undefined): void => {
  if (limitBytes === undefined || sizeBytes <= limitBytes) return
  const sizes = `${(sizeBytes / MIB).toFixed(1)} MiB are more than the limit of ${(limitBytes / MIB).toFixed(1)} MiB`
  throw new SluiceError('LimitExceeded', `The media are too large: ${sizes}.`)
}
