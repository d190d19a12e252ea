import { SluiceError } from '../contract/failures.ts'
import { sizeText } from '../contract/size-text.ts'

/** @throws SluiceError LimitExceeded above the limit; no limit where it is undefined. */
export const refuseTooLarge = (sizeBytes: number, limitBytes: number | undefined): void => {
  if (limitBytes === undefined || sizeBytes <= limitBytes) return
  const [size, limit] = [sizeText(sizeBytes), sizeText(limitBytes)]
  // Rounded they may look the same.
  const sizes = size === limit ? [`${sizeBytes} bytes`, `${limitBytes} bytes`] : [size, limit]
  throw new SluiceError('LimitExceeded', `The media are too large: ${sizes.join(' are more than the limit of ')}.`)
}
