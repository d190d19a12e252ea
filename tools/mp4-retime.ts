import { open, rename, type FileHandle } from 'node:fs/promises'
import type { Mp4Box } from './mp4-boxes.ts'
import { boxesOf, readBody } from './mp4-fragments.ts'
import { brokenPiece, editedStart, parseFragmentIndex, retimedIndex, type FragmentSample } from './mp4-moof.ts'

/** The encoder holds back two frames (REORDERED_FRAMES): as many ticks before its first is shown, decoding begins. */
const HELD_BACK = 2
const COPY_BYTES = 1024 * 1024

interface PendingFragment {
  box: Mp4Box
  body: Buffer
  samples: FragmentSample[]
  /** When each is shown, in the order in which they are decoded. */
  shown: number[]
  data: Mp4Box[]
}

/**
 * Sets the decoding times of a piece of variable rate anew, each by the times at which frames of its own fragment are shown: frame
 * `n` is decoded when frame `n - 2` is shown, the first two just before. The encoder derives them from the lengths of the first
 * frames of the whole piece, so that those of pieces would neither follow each other nor be those of an encode in one.
 * @throws SluiceError OutputInvalid where the file is not what the encoder writes.
 */
export const retimeFragments = async (path: string): Promise<void> => {
  const output = `${path}.retimed`
  const from = await open(path, 'r')
  const to = await open(output, 'w')
  try {
    let lead = 0
    let pending: PendingFragment | null = null
    for await (const box of boxesOf(from)) {
      if (box.type === 'moof') {
        const body = await readBody(from, box)
        const next = fragmentAt(box, body, lead)
        if (pending) await writeFragment({ from, to }, pending, firstShown(next.shown))
        pending = next
      } else if (pending) pending.data.push(box)
      else if (box.type === 'moov') lead = await writeHead({ from, to }, box)
      else await copyBox({ from, to }, box)
    }
    if (!pending) throw brokenPiece('has no pictures')
    await writeFragment({ from, to }, pending, null)
  } finally {
    await from.close()
    await to.close()
  }
  await rename(output, path)
}

interface Files {
  from: FileHandle
  to: FileHandle
}

const firstShown = (shown: readonly number[]): number => shown.reduce((first, time) => Math.min(first, time), Infinity)

/** Returns how many ticks of the track's time are before its beginning; from now on that is what decoding is ahead. */
const writeHead = async ({ from, to }: Files, box: Mp4Box): Promise<number> => {
  const body = await readBody(from, box)
  const start = editedStart(body)
  const lead = start === null ? 0 : start.readUIntBE(start.length - 4, 4)
  start?.fill(0).writeUInt32BE(HELD_BACK, start.length - 4)
  const head = Buffer.alloc(8)
  head.writeUInt32BE(box.sizeBytes)
  head.write(box.type, 4, 'latin1')
  await to.write(Buffer.concat([head, body]))
  return lead
}

const fragmentAt = (box: Mp4Box, body: Buffer, lead: number): PendingFragment => {
  const { decodeTime, samples } = parseFragmentIndex(body)
  let decoded = decodeTime
  const shown = samples.map(({ duration, offset }) => {
    decoded += duration
    return decoded - duration + offset - lead
  })
  return { box, body, samples, shown, data: [] }
}

const writeFragment = async (files: Files, pending: PendingFragment, nextShown: number | null): Promise<void> => {
  const { body, samples, shown, data } = pending
  const inOrder = shown.toSorted((one, other) => one - other)
  const [first = 0] = inOrder
  // In the track's time, which begins so much before the recording's.
  const decoded = shown.map((_, index) =>
    index < HELD_BACK ? first + index : (inOrder[index - HELD_BACK] ?? first) + HELD_BACK,
  )
  const end = nextShown ?? (inOrder.at(-1) ?? 0) + HELD_BACK + (samples.at(-1)?.duration ?? 0)
  const retimed = samples.map((sample, index) => {
    const at = decoded[index] ?? 0
    const offset = (shown[index] ?? 0) + HELD_BACK - at
    if (offset < 0) throw brokenPiece('shows a picture before it is decoded')
    return { ...sample, duration: (decoded[index + 1] ?? end) - at, offset }
  })
  await files.to.write(retimedIndex(body, { decodeTime: first, samples: retimed }))
  for (const box of data) await copyBox(files, box)
}

const copyBox = async ({ from, to }: Files, { offset, sizeBytes }: Mp4Box): Promise<void> => {
  const buffer = Buffer.alloc(Math.min(sizeBytes, COPY_BYTES))
  for (let done = 0; done < sizeBytes;) {
    const { bytesRead } = await from.read(buffer, 0, Math.min(buffer.length, sizeBytes - done), offset + done)
    if (bytesRead === 0) throw brokenPiece('is cut off')
    await to.write(buffer, 0, bytesRead)
    done += bytesRead
  }
}
