import { describe, expect, it } from 'vitest'
import { carriesAdts, createShapeWatch } from '../../tools/adts-shape.ts'

/** A frame of AAC-LC at 48 kHz whose data is made of `filling`. */
const frame = (channels: number, dataBytes = 200, filling = 0x5a): Buffer => {
  const length = dataBytes + 7
  const rate = 3
  return Buffer.concat([
    Buffer.of(
      0xff,
      0xf1,
      (1 << 6) | (rate << 2) | (channels >> 2),
      ((channels & 3) << 6) | (length >> 11),
      (length >> 3) & 0xff,
      ((length & 7) << 5) | 0x1f,
      0xfc,
    ),
    Buffer.alloc(dataBytes, filling),
  ])
}
const frames = (channels: number, count: number): Buffer[] => Array.from({ length: count }, () => frame(channels))

const changes = (stream: readonly Buffer[], pieceBytes = 1_000): boolean => {
  const watch = createShapeWatch()
  const bytes = Buffer.concat(stream)
  for (let at = 0; at < bytes.length; at += pieceBytes) watch.add(bytes.subarray(at, at + pieceBytes))
  watch.add(Buffer.alloc(0), true)
  return watch.changes()
}

describe('the shape of ADTS', () => {
  it.each([1, 7, 1_000, 100_000])('changes with the channels, whatever the pieces of %i bytes', (pieceBytes) => {
    expect(changes(frames(2, 100), pieceBytes)).toBe(false)
    expect(changes([...frames(6, 50), ...frames(2, 3)], pieceBytes)).toBe(true)
  })

  it('is not changed by damage, by what looks like a header, or by nothing at all', () => {
    const torn = frame(2).subarray(60)
    expect(changes([...frames(2, 40), torn, ...frames(2, 40)])).toBe(false)
    expect(changes([...frames(2, 40), frame(2, 300, 0xff), frame(1), ...frames(2, 40)])).toBe(false)
    expect(changes([torn, torn])).toBe(false)
    expect(changes([])).toBe(false)
  })
})

describe('carriesAdts', () => {
  it('is true of what has a header before each frame', () => {
    expect(['mpegts', 'aac', 'mov,mp4,m4a,3gp,3g2,mj2', 'avi'].map(carriesAdts)).toEqual([true, true, false, false])
  })
})
