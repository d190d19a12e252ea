import { open } from 'node:fs/promises'
import { inputArgs, QUIET_ARGS, type SourceClock } from './ffmpeg-input.ts'
import { PROGRESS_ARGS } from './ffmpeg-progress.ts'

/** Containers whose AAC comes frame by frame, each with a header, instead of one header for all. */
export const carriesAdts = (container: string): boolean => /^(mpegts|aac)$/.test(container)

/** Arguments that copy a track of AAC as it is, with a header before each frame. */
export const copyAdtsArgs = (
  { path, ...clock }: Pick<SourceClock, 'looksFar'> & { path: string },
  streamIndex: number,
  output: string,
): string[] => [
  ...QUIET_ARGS,
  ...PROGRESS_ARGS,
  ...inputArgs(path, clock),
  '-map',
  `0:${streamIndex}`,
  '-c',
  'copy',
  '-f',
  'adts',
  output,
]

/** Bytes of a frame's header that matter here (ADTS: ISO/IEC 14496-3, 1.A.3.2). */
const HEADER_BYTES = 7
/** The longest frame that its 13 bits of length can say. */
const MOST_BYTES = 8_191
const READ_BYTES = 256 * 1_024

interface Header {
  /** Profile, sampling rate and channels, as they stand there. */
  shape: number
  length: number
}

const headerAt = (bytes: Buffer, at: number): Header | null => {
  if (at + HEADER_BYTES > bytes.length) return null
  const [first = 0, second = 0, third = 0, fourth = 0, fifth = 0, sixth = 0] = bytes.subarray(at, at + HEADER_BYTES)
  // Twelve bits of ones, and a layer that is always 0.
  if (first !== 0xff || (second & 0xf6) !== 0xf0) return null
  const length = ((fourth & 0x03) << 11) | (fifth << 3) | (sixth >> 5)
  // Without the bit that is anybody's.
  return length < HEADER_BYTES ? null : { shape: ((third & 0xfd) << 2) | (fourth >> 6), length }
}

/** Takes the bytes of an ADTS stream as they come; what is damaged is passed over. */
export const createShapeWatch = () => {
  let left = Buffer.alloc(0)
  let known: number | null = null
  let changes = false
  return {
    /** @param last whether nothing follows. */
    add: (bytes: Buffer, last = false): void => {
      left = Buffer.concat([left, bytes])
      let at = 0
      // A frame counts where another follows it, as its mark may stand in any data.
      while (left.length - at >= (last ? HEADER_BYTES : MOST_BYTES + HEADER_BYTES)) {
        const header = headerAt(left, at)
        const next = header && headerAt(left, at + header.length)
        if (header && next) {
          known ??= header.shape
          changes ||= header.shape !== known && header.shape === next.shape
        }
        at += header && next ? header.length : 1
      }
      left = left.subarray(at)
    },
    changes: (): boolean => changes,
  }
}

/**
 * Whether channels or rate of AAC become others on the way, which the header of a file that it is copied into cannot say.
 * @param path an ADTS stream.
 * @throws what the file system says; `signal.reason` when aborted.
 */
export const changesShape = async (path: string, signal: AbortSignal): Promise<boolean> => {
  const watch = createShapeWatch()
  const file = await open(path)
  try {
    const buffer = Buffer.allocUnsafe(READ_BYTES)
    for (;;) {
      signal.throwIfAborted()
      const { bytesRead } = await file.read(buffer, 0, buffer.length)
      watch.add(buffer.subarray(0, bytesRead), bytesRead === 0)
      if (bytesRead === 0 || watch.changes()) return watch.changes()
    }
  } finally {
    await file.close()
  }
}
