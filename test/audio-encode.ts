import type { AudioEncode } from '../contract/plan.ts'

/** A sound track that is encoded whole and as it is, where nothing else is said. */
export const audioEncode = (change: Partial<AudioEncode> = {}): AudioEncode => ({
  mode: 'encode',
  streamIndex: 1,
  codec: 'aac',
  bitrateBps: 128_000,
  channels: 2,
  sampleRateHz: 48_000,
  originMs: 0,
  endMs: null,
  counted: false,
  loudness: null,
  expectedMs: null,
  ...change,
})
