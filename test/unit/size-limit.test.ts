import { expect, it } from 'vitest'
import { refuseTooLarge } from '../../activities/size-limit.ts'

it.each([
  [10, undefined],
  [10, 10],
])('lets %s bytes pass a limit of %s', (sizeBytes, limitBytes) => {
  expect(() => refuseTooLarge(sizeBytes, limitBytes)).not.toThrow()
})

it.each([
  [5_000_000, 1_048_576, '4.8 MiB are more than the limit of 1.0 MiB'],
  [259_000, 50_000, '252.9 KiB are more than the limit of 48.8 KiB'],
  [250_001, 250_000, '250001 bytes are more than the limit of 250000 bytes'],
  [900, 0, '900 bytes are more than the limit of 0 bytes'],
])('refuses %s bytes above %s in sizes that people can tell apart', (sizeBytes, limitBytes, words) => {
  expect(() => refuseTooLarge(sizeBytes, limitBytes)).toThrow(`The media are too large: ${words}.`)
})
