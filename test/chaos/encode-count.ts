import { appendFileSync, chmodSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** One start of an encoder, as the wrapper noted it. */
export interface Encode {
  /** What is encoded: the same words for every attempt at the same piece of the same job. */
  piece: string
  jobId: string
  /** Number of the last fault before it. */
  afterFault: number
  /** That fault was not over yet, and may still have met it. */
  during: boolean
}

/**
 * Counts encodes by what cannot miss one: in place of ffmpeg a script is run, which notes the command line in a file outside the data
 * directory and becomes ffmpeg. Two starts for the same piece of the same job are that piece encoded twice; it counts as a
 * whole, however far the first had come: the most that a fault can have cost.
 */
export interface EncodeCount {
  /** To be run as ffmpeg. */
  wrapper: string
  /** Notes that a fault begins, and that it is over, in order with the encodes. */
  markFault(number: number): void
  markOver(number: number): void
  encodes(): Encode[]
}

const FAULT = 'FAULT '
const OVER = 'OVER '
/** Encoders of sound and picture; copies and images are cheap and do not count. */
const ENCODES = /-c(?::[av])?(?::\d+)? (?:libx264|libx265|libsvtav1|libvpx\S*|aac|libopus|libmp3lame) /

/** Whether an encode is of a picture, and not of sound alone. */
export const isPicture = (piece: string): boolean => / (?:libx264|libx265|libsvtav1|libvpx\S*) /.test(piece)

export const createEncodeCount = (dir: string, ffmpeg: string): EncodeCount => {
  const wrapper = join(dir, 'ffmpeg')
  const notes = join(dir, 'encodes.txt')
  writeFileSync(notes, '')
  writeFileSync(wrapper, `#!/bin/sh\nprintf '%s\\n' "$*" >> '${notes}'\nexec '${ffmpeg}' "$@"\n`)
  chmodSync(wrapper, 0o755)
  return {
    wrapper,
    markFault: (number) => appendFileSync(notes, `${FAULT}${number}\n`),
    markOver: (number) => appendFileSync(notes, `${OVER}${number}\n`),
    encodes: () => parseEncodes(readFileSync(notes, 'utf8')),
  }
}

/** Reads what the wrapper noted. */
export const parseEncodes = (notes: string): Encode[] => {
  let afterFault = 0
  let over = 0
  return notes.split('\n').flatMap((line) => {
    if (line.startsWith(FAULT)) afterFault = Number(line.slice(FAULT.length))
    if (line.startsWith(OVER)) over = Number(line.slice(OVER.length))
    const jobId = /\/work\/([0-9a-f-]{36})\//.exec(line)?.[1]
    if (jobId === undefined || !ENCODES.test(line)) return []
    // The scratch folder is another one in each attempt.
    return [
      {
        piece: line.replaceAll(/\/scratch\/[0-9a-f-]{36}\//g, '/scratch/'),
        jobId,
        afterFault,
        during: over < afterFault,
      },
    ]
  })
}

/** Each encode that was begun again, with the faults from its last beginning to this one, of which one made it necessary. */
export const redone = (encodes: readonly Encode[]): { encode: Encode; faults: number[] }[] => {
  const last = new Map<string, Encode>()
  return encodes.flatMap((encode) => {
    const before = last.get(encode.piece)
    last.set(encode.piece, encode)
    if (!before) return []
    const first = before.during ? before.afterFault : before.afterFault + 1
    const faults = Array.from({ length: encode.afterFault - first + 1 }, (_, i) => first + i)
    return [{ encode, faults }]
  })
}
