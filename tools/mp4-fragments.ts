import { createReadStream, createWriteStream } from 'node:fs'
import { open, type FileHandle } from 'node:fs/promises'
import { pipeline } from 'node:stream/promises'
import { SluiceError } from '../contract/failures.ts'
import { parseBoxHeader, type Mp4Box } from './mp4-boxes.ts'

/** What a fragmented MP4 of one track holds (ISO/IEC 14496-12, 8.8). */
export interface Fragments {
  /** Bytes in front of the first fragment: the index without samples. */
  headBytes: number
  frames: number
  /** Decoding times in seconds: of the first frame, and of the end of the last. */
  startS: number
  endS: number
}

/** Headers are 8 bytes, or 16 with a long size. */
const HEADER_BYTES = 16
/** A fragment's index has some 12 bytes a frame. */
const MAX_INDEX_BYTES = 16 * 1024 * 1024

/**
 * Counts what is in a file of fragments, by their indexes alone.
 * @throws SluiceError OutputInvalid where it is cut off or a time in it does not follow the one before.
 */
export const readFragments = async (path: string): Promise<Fragments> => {
  const file = await open(path, 'r')
  try {
    const { size } = await file.stat()
    const found: Fragments = { headBytes: 0, frames: 0, startS: 0, endS: 0 }
    let timescale = 0
    let end: number | null = null
    for (let offset = 0; offset < size;) {
      const box = await readBox(file, offset, size)
      if (box.type === 'moov') timescale = timescaleOf(await readBody(file, box))
      if (box.type === 'moof') {
        if (end === null) found.headBytes = offset
        const run = runOf(await readBody(file, box))
        if (timescale === 0) throw broken('has no index')
        if (end === null) found.startS = run.start / timescale
        // Rounded by one tick at most where frames do not last whole ticks.
        else if (Math.abs(run.start - end) > 1) throw broken('has times that do not follow each other')
        end = run.start + run.duration
        found.frames += run.frames
      }
      offset += box.sizeBytes
    }
    if (end === null) throw broken('has no pictures')
    return { ...found, endS: end / timescale }
  } finally {
    await file.close()
  }
}

/**
 * Puts fragments of several files one behind the other, below the index of the first.
 * @throws SluiceError OutputInvalid as {@link readFragments}, and where a file does not go on where the one before ended.
 */
export const joinFragments = async (paths: readonly string[], output: string): Promise<void> => {
  let endS: number | null = null
  for (const [index, path] of paths.entries()) {
    const part = await readFragments(path)
    if (endS !== null && Math.abs(part.startS - endS) > JOINT_TOLERANCE_S) throw broken('does not join the one before')
    endS = part.endS
    const flags = index === 0 ? 'w' : 'a'
    await pipeline(
      createReadStream(path, { start: index === 0 ? 0 : part.headBytes }),
      createWriteStream(output, { flags }),
    )
  }
}

/** Far below what any frame lasts, above what clocks round. */
const JOINT_TOLERANCE_S = 0.001

const broken = (what: string): SluiceError => new SluiceError('OutputInvalid', `An encoded piece ${what}.`)

const readBox = async (file: FileHandle, offset: number, size: number): Promise<Mp4Box> => {
  const { buffer, bytesRead } = await file.read(Buffer.alloc(HEADER_BYTES), 0, HEADER_BYTES, offset)
  const box = parseBoxHeader(buffer.subarray(0, bytesRead), offset, size)
  if (!box || offset + box.sizeBytes > size) throw broken('is cut off')
  return box
}

const readBody = async (file: FileHandle, { offset, sizeBytes }: Mp4Box): Promise<Buffer> => {
  if (sizeBytes > MAX_INDEX_BYTES) throw broken('has an index beyond all bounds')
  const { buffer } = await file.read(Buffer.alloc(sizeBytes - 8), 0, sizeBytes - 8, offset + 8)
  return buffer
}

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

const first = (body: Buffer, ...types: string[]): Buffer =>
  types.reduce((outer, type) => {
    const [inner] = within(outer, type)
    if (!inner) throw broken(`lacks its ${type}`)
    return inner
  }, body)

/** Ticks a second of the only track (8.4.2); version 1 has times of 64 bits in front. */
const timescaleOf = (moov: Buffer): number => {
  const header = first(moov, 'trak', 'mdia', 'mdhd')
  return header.readUInt32BE(header[0] === 1 ? 20 : 12)
}

interface Run {
  frames: number
  /** In ticks. */
  start: number
  duration: number
}

const runOf = (moof: Buffer): Run => {
  const traf = first(moof, 'traf')
  const decodeTime = first(traf, 'tfdt')
  const start = decodeTime[0] === 1 ? Number(decodeTime.readBigUInt64BE(4)) : decodeTime.readUInt32BE(4)
  const usual = usualDuration(first(traf, 'tfhd'))
  let frames = 0
  let duration = 0
  for (const trun of within(traf, 'trun')) {
    const run = readRun(trun, usual)
    frames += run.frames
    duration += run.duration
  }
  return { frames, start, duration }
}

/** Of a frame whose run states none (8.8.7): what comes before it is there or not, as flags say. */
const usualDuration = (tfhd: Buffer): number => {
  const flags = tfhd.readUIntBE(1, 3)
  if ((flags & 0x08) === 0) return 0
  return tfhd.readUInt32BE(8 + ((flags & 0x01) === 0 ? 0 : 8) + ((flags & 0x02) === 0 ? 0 : 4))
}

/** 8.8.8: rows of up to four words a frame, the duration first. */
const readRun = (trun: Buffer, usual: number): Omit<Run, 'start'> => {
  const flags = trun.readUIntBE(1, 3)
  const frames = trun.readUInt32BE(4)
  if ((flags & 0x100) === 0) return { frames, duration: frames * usual }
  const rowsAt = 8 + ((flags & 0x01) === 0 ? 0 : 4) + ((flags & 0x04) === 0 ? 0 : 4)
  const words = [0x100, 0x200, 0x400, 0x800].filter((flag) => (flags & flag) !== 0).length
  let duration = 0
  for (let frame = 0; frame < frames; frame += 1) duration += trun.readUInt32BE(rowsAt + 4 * words * frame)
  return { frames, duration }
}
