import { randomUUID } from 'node:crypto'
import { copyFile, link, mkdir, realpath, rm, rmdir } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'

/** A file as the API may have it: within its import folder. */
export interface ImportLink {
  /** Path under the import folder. */
  file: string
  remove(): Promise<void>
}

/** Codes of links that can't be, where a copy can: another file system, one without links, a file of another user. */
const COPY_INSTEAD = new Set(['EXDEV', 'EPERM', 'ENOTSUP', 'EMLINK', 'EACCES'])

/** Puts a file into the import folder, in a folder of its own; a second name for the same file where that can be. */
export const linkIntoImport = async (importDir: string, path: string): Promise<ImportLink> => {
  const folder = `command-line-${randomUUID()}`
  const target = join(importDir, folder, basename(path))
  // A link to a symbolic link would be one itself, and those must not lead out of the import folder.
  const source = await realpath(path)
  await mkdir(dirname(target), { recursive: true })
  try {
    await link(source, target)
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : ''
    if (!COPY_INSTEAD.has(code)) throw error
    await copyFile(source, target)
  }
  return {
    file: `${folder}/${basename(path)}`,
    remove: async () => {
      await rm(target, { force: true })
      await rmdir(dirname(target)).catch((error: NodeJS.ErrnoException) => {
        if (error.code !== 'ENOENT') throw error
      })
    },
  }
}
