import { SluiceError } from '../contract/failures.ts'
import { parseBoxHeader } from './mp4-boxes.ts'

/** What the index of a fragment of one track says (ISO/IEC 14496-12, 8.8); times in ticks of the track. */
export interface FragmentIndex {
  decodeTime: number
  samples: FragmentSample[]
  /** Where in the body the duration of the last sample stands; null where all have the same, which stands elsewhere. */
  lastDurationAt: number | null
}

export interface FragmentSample {
  duration: number
  /** Null where the track's usual one goes. */
  sizeBytes: number | null
  flags: number | null
  /** From being decoded to being shown. */
  offset: number
}

export const brokenPiece = (what: string): SluiceError => new SluiceError('OutputInvalid', `An encoded piece ${what}.`)

/** The bodies of all boxes of a type within a body. */
const within = (body: Buffer, type: string): Buffer[] => {
  const bodies: Buffer[] = []
  for (let offset = 0; offset < body.length;) {
    const box = parseBoxHeader(body.subarray(offset), offset, body.length)
    if (!box) break
    if (box.type === type) bodies.push(body.subarray(offset + 8, offset + box.sizeBytes))
    offset += box.sizeBytes
  }
  return bodies
}

/** The body of the first box on a path of types. @throws SluiceError OutputInvalid where it isn't there. */
export const boxAt = (body: Buffer, ...types: string[]): Buffer =>
  types.reduce((outer, type) => {
    const [inner] = within(outer, type)
    if (!inner) throw brokenPiece(`lacks its ${type}`)
    return inner
  }, body)

/** Ticks a second of the only track (8.4.2), from the body of `moov`; version 1 has times of 64 bits in front. */
export const timescaleOf = (moov: Buffer): number => {
  const header = boxAt(moov, 'trak', 'mdia', 'mdhd')
  return header.readUInt32BE(header[0] === 1 ? 20 : 12)
}

/**
 * Where the edit list of the only track says how much of its time is before the beginning, as a view into the body of `moov`:
 * 4 or 8 bytes (8.6.6); null where it has no such list.
 */
export const editedStart = (moov: Buffer): Buffer | null => {
  const [list] = within(boxAt(moov, 'trak'), 'edts').flatMap((edits) => within(edits, 'elst'))
  if (!list) return null
  const wide = list[0] === 1
  const rowBytes = wide ? 20 : 12
  const at = 8 + (list.readUInt32BE(4) - 1) * rowBytes + (wide ? 8 : 4)
  return list.subarray(at, at + (wide ? 8 : 4))
}

/** @throws SluiceError OutputInvalid where parts of it are missing. */
export const parseFragmentIndex = (moof: Buffer): FragmentIndex => {
  const traf = boxAt(moof, 'traf')
  const time = boxAt(traf, 'tfdt')
  const usual = usualDuration(boxAt(traf, 'tfhd'))
  const samples: FragmentSample[] = []
  let lastDurationAt: number | null = null
  for (const run of within(traf, 'trun')) {
    const parsed = parseRun(run, usual)
    samples.push(...parsed.samples)
    const { lastDurationAt: at } = parsed
    lastDurationAt = at === null ? null : run.byteOffset - moof.byteOffset + at
  }
  const decodeTime = time[0] === 1 ? Number(time.readBigUInt64BE(4)) : time.readUInt32BE(4)
  return { decodeTime, samples, lastDurationAt }
}

/** Of a frame whose run states none (8.8.7): what comes before it is there or not, as flags say. */
const usualDuration = (tfhd: Buffer): number => {
  const flags = tfhd.readUIntBE(1, 3)
  if ((flags & 0x08) === 0) return 0
  return tfhd.readUInt32BE(8 + ((flags & 0x01) === 0 ? 0 : 8) + ((flags & 0x02) === 0 ? 0 : 4))
}

/** 8.8.8: rows of up to four words a frame. */
const parseRun = (run: Buffer, usual: number): Omit<FragmentIndex, 'decodeTime'> => {
  const flags = run.readUIntBE(1, 3)
  const has = (flag: number): boolean => (flags & flag) !== 0
  const samples: FragmentSample[] = []
  let at = 8 + (has(0x01) ? 4 : 0) + (has(0x04) ? 4 : 0)
  let lastDurationAt: number | null = null
  const word = (flag: number): number | null => {
    if (!has(flag)) return null
    at += 4
    return run.readUInt32BE(at - 4)
  }
  for (let left = run.readUInt32BE(4); left > 0; left -= 1) {
    if (has(0x100)) lastDurationAt = at
    const [duration, sizeBytes, sampleFlags, offset] = [word(0x100), word(0x200), word(0x400), word(0x800)]
    // Version 1 counts backwards, too.
    samples.push({ duration: duration ?? usual, sizeBytes, flags: sampleFlags, offset: signed(run, offset ?? 0) })
  }
  return { samples, lastDurationAt }
}

const signed = (run: Buffer, offset: number): number => (run[0] === 0 ? offset : offset | 0)

const box = (type: string, ...parts: Buffer[]): Buffer => {
  const head = Buffer.alloc(8)
  head.writeUInt32BE(8 + parts.reduce((sum, part) => sum + part.length, 0))
  head.write(type, 4, 'latin1')
  return Buffer.concat([head, ...parts])
}

const words = (...values: number[]): Buffer => {
  const bytes = Buffer.alloc(4 * values.length)
  for (const [index, value] of values.entries()) bytes.writeUInt32BE(value, 4 * index)
  return bytes
}

/** The whole box of a fragment's index that says the same as the body `moof`, but for the times. */
export const retimedIndex = (moof: Buffer, { decodeTime, samples }: Omit<FragmentIndex, 'lastDurationAt'>): Buffer => {
  const traf = boxAt(moof, 'traf')
  const old = boxAt(traf, 'trun')
  const flags = old.readUIntBE(1, 3)
  if (within(traf, 'trun').length > 1 || (flags & 0x01) === 0) throw brokenPiece('is laid out in an unknown way')
  const time = Buffer.alloc(12)
  time[0] = 1
  time.writeBigUInt64BE(BigInt(decodeTime), 4)
  const rows = samples.flatMap(({ duration, sizeBytes, flags: own, offset }) =>
    [duration, sizeBytes, own, offset].filter((value) => value !== null),
  )
  const first = (flags & 0x04) === 0 ? [] : [old.readUInt32BE(12)]
  const build = (dataOffset: number): Buffer => {
    const run = words(flags | 0x900, samples.length, dataOffset, ...first, ...rows)
    const track = box('traf', box('tfhd', boxAt(traf, 'tfhd')), box('tfdt', time), box('trun', run))
    return box('moof', box('mfhd', boxAt(moof, 'mfhd')), track)
  }
  // Bytes of samples are counted from the beginning of this box, whose length may have changed.
  const dataOffset = old.readUInt32BE(8) + build(0).length - (moof.length + 8)
  return build(dataOffset)
}
