import { createReadStream, createWriteStream } from 'node:fs'
import { open, type FileHandle } from 'node:fs/promises'
import { pipeline } from 'node:stream/promises'
import { parseBoxHeader, type Mp4Box } from './mp4-boxes.ts'
import { brokenPiece, parseFragmentIndex, timescaleOf } from './mp4-moof.ts'

/** What a fragmented MP4 of one track holds (ISO/IEC 14496-12, 8.8). */
export interface Fragments {
  /** Bytes in front of the first fragment: the index without samples. */
  headBytes: number
  frames: number
  /** Decoding times in seconds: of the first frame, and of the end of the last. */
  startS: number
  endS: number
  /** Ticks a second. */
  timescale: number
  /** Where in the file the duration of the last frame stands; null where that of all is in one place. */
  lastDurationAt: number | null
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
    const found: Fragments = { headBytes: 0, frames: 0, startS: 0, endS: 0, timescale: 0, lastDurationAt: null }
    let end: number | null = null
    for await (const box of boxesOf(file)) {
      if (box.type === 'moov') found.timescale = timescaleOf(await readBody(file, box))
      if (box.type !== 'moof') continue
      const { decodeTime, samples, lastDurationAt } = parseFragmentIndex(await readBody(file, box))
      if (found.timescale === 0) throw brokenPiece('has no index')
      if (end === null) Object.assign(found, { headBytes: box.offset, startS: decodeTime / found.timescale })
      // Rounded by one tick at most where frames do not last whole ticks.
      else if (Math.abs(decodeTime - end) > 1) throw brokenPiece('has times that do not follow each other')
      end = samples.reduce((time, { duration }) => time + duration, decodeTime)
      found.frames += samples.length
      found.lastDurationAt = lastDurationAt === null ? null : box.offset + 8 + lastDurationAt
    }
    if (end === null) throw brokenPiece('has no pictures')
    return { ...found, endS: end / found.timescale }
  } finally {
    await file.close()
  }
}

export interface JoinJob {
  paths: readonly string[]
  output: string
  /** Frames last differently long, the last of a piece until the next piece begins. */
  variable: boolean
}

/**
 * Puts fragments of several files one behind the other, below the index of the first.
 * @throws SluiceError OutputInvalid as {@link readFragments}, and where a file does not go on where the one before ended.
 */
export const joinFragments = async ({ paths, output, variable }: JoinJob): Promise<void> => {
  const stretched: { at: number; bySeconds: number; timescale: number }[] = []
  let before: (Fragments & { outputBytes: number }) | null = null
  let outputBytes = 0
  for (const path of paths) {
    const part = await readFragments(path)
    if (before) {
      const { lastDurationAt, timescale } = before
      const bySeconds = part.startS - before.endS
      const fits = Math.abs(bySeconds) <= JOINT_TOLERANCE_S
      if (!fits && (!variable || lastDurationAt === null)) throw brokenPiece('does not join the one before')
      if (variable && lastDurationAt !== null)
        stretched.push({ at: before.outputBytes + lastDurationAt, bySeconds, timescale })
    }
    const start: number = before ? part.headBytes : 0
    const target = createWriteStream(output, { flags: before ? 'a' : 'w' })
    await pipeline(createReadStream(path, { start }), target)
    before = { ...part, outputBytes: outputBytes - start }
    outputBytes += target.bytesWritten
  }
  await stretch(output, stretched)
}

/** Lets the last frame of each piece last until the next piece begins. */
const stretch = async (
  path: string,
  places: readonly { at: number; bySeconds: number; timescale: number }[],
): Promise<void> => {
  if (places.length === 0) return
  const file = await open(path, 'r+')
  try {
    for (const { at, bySeconds, timescale } of places) {
      const word = Buffer.alloc(4)
      await file.read(word, 0, 4, at)
      const ticks = word.readUInt32BE() + Math.round(bySeconds * timescale)
      if (ticks < 0) throw brokenPiece('does not join the one before')
      word.writeUInt32BE(ticks)
      await file.write(word, 0, 4, at)
    }
  } finally {
    await file.close()
  }
}

/** Far below what any frame lasts, above what clocks round. */
const JOINT_TOLERANCE_S = 0.001

/** The boxes of a file, one after the other. @throws SluiceError OutputInvalid where the last one is cut off. */
export const boxesOf = async function* (file: FileHandle): AsyncGenerator<Mp4Box> {
  const { size } = await file.stat()
  for (let offset = 0; offset < size;) {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(HEADER_BYTES), 0, HEADER_BYTES, offset)
    const box = parseBoxHeader(buffer.subarray(0, bytesRead), offset, size)
    if (!box || offset + box.sizeBytes > size) throw brokenPiece('is cut off')
    yield box
    offset += box.sizeBytes
  }
}

export const readBody = async (file: FileHandle, { offset, sizeBytes }: Mp4Box): Promise<Buffer> => {
  if (sizeBytes > MAX_INDEX_BYTES) throw brokenPiece('has an index beyond all bounds')
  const { buffer } = await file.read(Buffer.alloc(sizeBytes - 8), 0, sizeBytes - 8, offset + 8)
  return buffer
}
