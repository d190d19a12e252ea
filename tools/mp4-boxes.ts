import { open } from 'node:fs/promises'

/** A top-level box of an ISO base media file (ISO/IEC 14496-12, 4.2). */
export interface Mp4Box {
  type: string
  offset: number
  /** As the header says; more than the file has when the file was cut off. */
  sizeBytes: number
}

export interface Mp4Layout {
  majorBrand: string | null
  /** `moov` is there and stands before the media data. */
  indexFirst: boolean
  hasIndex: boolean
  fragmented: boolean
  /** Bytes that the boxes announce beyond the end of the file. */
  missingBytes: number
}

const HEADER_BYTES = 16
/** Real files have a handful; fragmented ones two a fragment. What follows can't change the answers. */
const MAX_BOXES = 64
const FIRST_BOXES = new Set(['ftyp', 'styp', 'moov', 'mdat', 'free', 'skip', 'wide', 'pnot'])

/** How the file is laid out, or null when it is no ISO base media file. Reads only the headers of its boxes. */
export const readMp4Layout = async (path: string): Promise<Mp4Layout | null> => {
  const handle = await open(path, 'r')
  try {
    const { size } = await handle.stat()
    const boxes: Mp4Box[] = []
    let majorBrand: string | null = null
    const header = Buffer.alloc(HEADER_BYTES)
    for (let offset = 0; offset + 8 <= size && boxes.length < MAX_BOXES;) {
      const { bytesRead } = await handle.read(header, 0, HEADER_BYTES, offset)
      const box = parseBoxHeader(header.subarray(0, bytesRead), offset, size)
      if (!box) break
      if (box.type === 'ftyp' && bytesRead >= 12) majorBrand = header.toString('latin1', 8, 12).trim()
      boxes.push(box)
      offset += box.sizeBytes
    }
    return layoutOf(boxes, majorBrand, size)
  } finally {
    await handle.close()
  }
}

/** Null where the bytes are no box header. */
export const parseBoxHeader = (bytes: Buffer, offset: number, fileBytes: number): Mp4Box | null => {
  if (bytes.length < 8) return null
  const type = bytes.toString('latin1', 4, 8)
  if (!/^[\w ©-]{4}$/.test(type)) return null
  const short = bytes.readUInt32BE(0)
  // 0: to the end of the file. 1: the size follows in 64 bits.
  if (short === 0) return { type, offset, sizeBytes: fileBytes - offset }
  if (short !== 1) return short < 8 ? null : { type, offset, sizeBytes: short }
  if (bytes.length < HEADER_BYTES) return null
  const long = bytes.readBigUInt64BE(8)
  return long < BigInt(HEADER_BYTES) ? null : { type, offset, sizeBytes: Number(long) }
}

const layoutOf = (boxes: readonly Mp4Box[], majorBrand: string | null, fileBytes: number): Mp4Layout | null => {
  const first = boxes[0]
  if (!first || !FIRST_BOXES.has(first.type)) return null
  const last = boxes.at(-1) ?? first
  const index = boxes.findIndex((box) => box.type === 'moov')
  const media = boxes.findIndex((box) => box.type === 'mdat')
  return {
    majorBrand,
    hasIndex: index >= 0,
    indexFirst: index >= 0 && (media < 0 || index < media),
    fragmented: boxes.some((box) => box.type === 'moof'),
    missingBytes: Math.max(0, last.offset + last.sizeBytes - fileBytes),
  }
}
