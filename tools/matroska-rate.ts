import { open, type FileHandle } from 'node:fs/promises'
import { crc32 } from 'node:zlib'
import { SluiceError } from '../contract/failures.ts'
import { isRate } from './frame-rate.ts'

const MATROSKA = new Set(['mkv', 'webm'])

/** Whether such a file names one length for all frames of a track, and the length of those that differ. */
export const statesFrameRate = (extension: string): boolean => MATROSKA.has(extension)

/** Elements of Matroska (RFC 9559) and EBML (RFC 8794). */
const SEGMENT = 0x18538067
const TRACKS = 0x1654ae6b
const TRACK = 0xae
const TRACK_TYPE = 0x83
const DEFAULT_DURATION = 0x23e383
const VOID = 0xec
const CRC_32 = 0xbf
const VIDEO = 1
const NANOSECONDS = 1e9

/** Of identifier and size: four and eight bytes at most. */
const HEADER_BYTES = 12
/** It has what decoders need to begin, some kilobytes. */
const MAX_TRACKS_BYTES = 16 * 1024 * 1024

/**
 * Blots out the length of a frame that the muxer has stated for the pictures of a file where it is not that of their rate. It is an
 * average: where frames last differently long none of them may have it, and readers would take it for a constant rate.
 * @param frameRate as a fraction; null where frames last differently long.
 * @throws SluiceError OutputInvalid where the file has no list of tracks.
 */
export const dropWrongRate = async (path: string, frameRate: string | null): Promise<void> => {
  const file = await open(path, 'r+')
  try {
    const { offset, sizeBytes } = await findTracks(file)
    const tracks = Buffer.alloc(sizeBytes)
    await file.read(tracks, 0, sizeBytes, offset)
    for (const track of elementsOf(tracks).filter(({ id }) => id === TRACK)) blotOut(track.body, frameRate)
    sign(tracks)
    await file.write(tracks, 0, sizeBytes, offset)
  } finally {
    await file.close()
  }
}

/** Where the body of the list lies: a muxer that can go back has it in front of all blocks. */
const findTracks = async (file: FileHandle): Promise<{ offset: number; sizeBytes: number }> => {
  const { size } = await file.stat()
  for (let offset = 0; offset < size;) {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(HEADER_BYTES), 0, HEADER_BYTES, offset)
    const header = parseHeader(buffer.subarray(0, bytesRead))
    if (!header) break
    offset += header.headerBytes
    if (header.id === TRACKS && header.sizeBytes <= MAX_TRACKS_BYTES) return { offset, sizeBytes: header.sizeBytes }
    if (header.id !== SEGMENT) offset += header.sizeBytes
  }
  throw new SluiceError('OutputInvalid', 'The finished file has no list of its tracks.')
}

/** A void element takes the place, of the same size: nothing that follows moves. */
const blotOut = (track: Buffer, frameRate: string | null): void => {
  const elements = elementsOf(track)
  const type = elements.find(({ id }) => id === TRACK_TYPE)
  if (type?.body[0] !== VIDEO) return
  for (const { id, whole, body } of elements) {
    if (id !== DEFAULT_DURATION) continue
    if (frameRate !== null && isRate(NANOSECONDS / numberIn(body), frameRate)) continue
    whole.fill(0)
    whole[0] = VOID
    whole[1] = 0x80 | (whole.length - 2)
  }
}

/** A checksum, where there is one, is the first element and counts all that follow. */
const sign = (parent: Buffer): void => {
  const [first] = elementsOf(parent)
  if (first?.id === CRC_32) first.body.writeUInt32LE(crc32(parent.subarray(first.whole.length)))
}

interface Element {
  id: number
  /** Views of the parent's bytes: with its header, and without. */
  whole: Buffer
  body: Buffer
}

const elementsOf = (parent: Buffer): Element[] => {
  const elements: Element[] = []
  for (let offset = 0; offset < parent.length;) {
    const header = parseHeader(parent.subarray(offset))
    if (!header) break
    const { id, headerBytes, sizeBytes } = header
    const whole = parent.subarray(offset, offset + headerBytes + sizeBytes)
    elements.push({ id, whole, body: whole.subarray(headerBytes) })
    offset += whole.length
  }
  return elements
}

/** Null where the bytes are no header: both numbers begin with as many zero bits as bytes follow their first one. */
const parseHeader = (bytes: Buffer): { id: number; headerBytes: number; sizeBytes: number } | null => {
  const idBytes = lengthOf(bytes[0])
  const sizeLength = lengthOf(bytes[idBytes])
  const headerBytes = idBytes + sizeLength
  if (idBytes > 4 || sizeLength > 8 || bytes.length < headerBytes) return null
  const [marked = 0, ...lower] = bytes.subarray(idBytes, headerBytes)
  return {
    id: numberIn(bytes.subarray(0, idBytes)),
    headerBytes,
    sizeBytes: numberIn([marked & (0xff >> sizeLength), ...lower]),
  }
}

const numberIn = (bytes: Iterable<number>): number => [...bytes].reduce((number, byte) => number * 256 + byte, 0)

const lengthOf = (first: number | undefined): number => Math.clz32(first ?? 0) - 23
