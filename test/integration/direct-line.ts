import { randomBytes } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { file, inTurn, type FileBehaviour } from './origin-answers.ts'
import type { SeenRequest } from './origin.ts'
import { createSourceLine } from './source-line.ts'

export const MIB = 1024 ** 2

/** The source steps without yt-dlp, and 3 MiB at their origin: whatever comes, came by our own way. */
export const createDirectLine = async (settings: Record<string, string> = {}) => {
  const line = await createSourceLine({ SLUICE_YTDLP: '/nowhere/yt-dlp', ...settings })
  const media = join(line.config.dataDir, 'media.mp4')
  // No page begins so.
  const bytes = Buffer.concat([Buffer.alloc(1), randomBytes(3 * MIB - 1)])
  await writeFile(media, bytes)
  let files = 0
  return {
    ...line,
    media,
    bytes,
    /** The path of a file that answers so, one request after the other; the first is the question of resolve. */
    serve: (...behaviours: [FileBehaviour, ...FileBehaviour[]]): string => {
      const path = `/file-${(files += 1)}.mp4`
      const [first, ...others] = behaviours.map((behaviour) => file(media, behaviour))
      line.origin.on(path, inTurn(first ?? file(media), ...others))
      return path
    },
    requestsOf: (path: string): SeenRequest[] => line.origin.seen.filter((request) => request.path === path),
    /** Both steps; what came. */
    bytesOf: async (path: string, jobId?: string): Promise<Buffer> => {
      const { path: kept } = await line.fetch({ url: line.origin.urlOf(path), ...(jobId ? { jobId } : {}) })
      return readFile(kept)
    },
  }
}
