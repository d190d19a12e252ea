import { readFile, rm, stat, writeFile } from 'node:fs/promises'
import { z } from 'zod'

/** What is there of a file, and which state of the origin's file it belongs to. */
export interface Part {
  /** Whether an answer has begun to bring it: what fails before is not mended where it is fetched. */
  begun: boolean
  sizeBytes: number
  totalBytes: number | null
  validator: string | null
}

/** As it lies beside the part, from when its first bytes came. */
const noteSchema = z.object({ address: z.string(), totalBytes: z.number().nullable(), validator: z.string() })

interface Place {
  url: string
  path: string
}

const noteOf = (path: string): string => `${path}.part.json`
/** Signatures in the query change, the file does not. */
export const addressOf = (url: string): string => url.replace(/[?#].*/s, '')

/** What an earlier attempt left of a file at this address; an empty part where there is nothing to go on with. */
export const readPart = async ({ url, path }: Place): Promise<Part> => {
  const nothing: Part = { begun: false, sizeBytes: 0, totalBytes: null, validator: null }
  try {
    const { address, totalBytes, validator } = noteSchema.parse(JSON.parse(await readFile(noteOf(path), 'utf8')))
    const { size } = await stat(path)
    // One that is whole asks for its last byte again, so that the origin says whether it still is the file.
    const sizeBytes = size === totalBytes ? size - 1 : size
    const fits = address === addressOf(url) && sizeBytes > 0 && (totalBytes === null || sizeBytes < totalBytes)
    return fits ? { begun: true, sizeBytes, totalBytes, validator } : nothing
  } catch {
    // No note, or one that was being written when its writer died.
    return nothing
  }
}

/** Says what the file that is being fetched is, for a later attempt; or that nothing vouches for it. */
export const notePart = async ({ url, path }: Place, { totalBytes, validator }: Part): Promise<void> => {
  if (validator === null) await rm(noteOf(path), { force: true })
  else
    await writeFile(noteOf(path), JSON.stringify({ address: addressOf(url), totalBytes, validator }), { mode: 0o600 })
}

/** The file is done with, or goes on as a part of another. */
export const forgetPart = (path: string): Promise<void> => rm(noteOf(path), { force: true })
